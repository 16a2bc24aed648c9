"""The page howto/site: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/site")
