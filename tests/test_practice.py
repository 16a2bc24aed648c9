"""The page practice: each of its blocks, proven."""

import proofs

test_block = proofs.of("practice")
