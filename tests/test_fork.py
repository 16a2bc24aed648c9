"""The page howto/fork: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/fork")
