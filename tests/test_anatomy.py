"""The page reference/anatomy: each of its blocks, proven."""

import proofs

test_block = proofs.of("reference/anatomy")
