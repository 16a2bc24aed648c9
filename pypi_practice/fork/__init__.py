"""``pypi-practice fork``: a copy of the demo package with the user's own names."""
