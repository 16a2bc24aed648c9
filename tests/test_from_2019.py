"""The page howto/from-2019: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/from-2019")
