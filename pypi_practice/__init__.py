"""A local practice index with PyPI's tokens, rules and words behind PyPI's own addresses."""
