"""The page tutorial/pypi: each of its blocks, proven."""

import proofs

test_block = proofs.of("tutorial/pypi")
