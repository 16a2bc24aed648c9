"""The page howto/dev-versions: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/dev-versions")
