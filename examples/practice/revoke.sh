pypi-practice token revoke first
