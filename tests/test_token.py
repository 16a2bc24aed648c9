"""The page tutorial/token: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/token")
