"""The page tutorial/release: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/release")
