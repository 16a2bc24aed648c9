"""The page howto/trusted: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/trusted")
