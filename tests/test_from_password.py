"""The page howto/from-password: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/from-password")
