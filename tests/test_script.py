"""The page howto/script: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/script")
