"""The page howto/doctor: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/doctor")
