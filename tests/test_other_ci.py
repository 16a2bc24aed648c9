"""The page howto/other-ci: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/other-ci")
