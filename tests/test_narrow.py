"""The page tutorial/narrow: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/narrow")
