"""The page reference/messages: each of its blocks, proven."""

import proofs

test_block = proofs.of("reference/messages")
