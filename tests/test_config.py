"""The page tutorial/config: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/config")
