"""The page tutorial/upload: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/upload")
