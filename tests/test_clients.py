"""The page howto/clients: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/clients")
