"""The page howto/forbidden: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/forbidden")
