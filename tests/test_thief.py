"""The page explanation/thief: each of its blocks, proven."""

import proofs

test_block = proofs.of("explanation/thief")
