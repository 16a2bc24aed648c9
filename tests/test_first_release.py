"""The page howto/first-release: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/first-release")
