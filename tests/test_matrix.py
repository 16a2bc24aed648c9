"""The page howto/matrix: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/matrix")
