"""The page reference/pypirc: each of its blocks, proven."""

import proofs

test_block = proofs.of("reference/pypirc")
