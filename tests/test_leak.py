"""The page howto/leak: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/leak")
