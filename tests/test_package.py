"""The page tutorial/package: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/package")
