"""The home page: each of its blocks, proven."""

import proofs

test_block = proofs.of("index")
