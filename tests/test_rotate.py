"""The page howto/rotate: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/rotate")
