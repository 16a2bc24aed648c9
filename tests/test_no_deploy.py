"""The page howto/no-deploy: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/no-deploy")
