"""The page howto/secrets: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/secrets")
