"""The page howto/own-index: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/own-index")
