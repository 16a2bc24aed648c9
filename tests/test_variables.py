"""The page reference/variables: each of its blocks, proven."""

import proofs

test_block = proofs.of("reference/variables")
