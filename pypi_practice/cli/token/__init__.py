"""``pypi-practice token``: new, list, show, narrow and revoke."""
