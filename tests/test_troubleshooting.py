"""The page troubleshooting: each of its blocks, proven."""

import proofs

test_block = proofs.of("troubleshooting")
