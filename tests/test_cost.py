"""The page explanation/cost: each of its blocks, proven."""

import proofs

test_block = proofs.of("explanation/cost")
