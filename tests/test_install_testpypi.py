"""The page howto/install-testpypi: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/install-testpypi")
