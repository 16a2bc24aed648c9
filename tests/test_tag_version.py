"""The page howto/tag-version: each of its blocks, proven."""

import proofs

test_block = proofs.of("howto/tag-version")
