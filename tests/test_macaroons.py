"""The page explanation/macaroons: each of its blocks, proven."""

import proofs

test_block = proofs.of("explanation/macaroons")
