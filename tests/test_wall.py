"""The page reference/wall: each of its blocks, proven."""

import proofs

test_block = proofs.of("reference/wall")
