"""The upload API: parses a form, checks it as PyPI does, and says why it is refused."""
