"""The page reference/conditions: each of its blocks, proven."""

import proofs

test_block = proofs.of("reference/conditions")
