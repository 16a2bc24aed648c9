"""The page tutorial/travis: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/travis")
