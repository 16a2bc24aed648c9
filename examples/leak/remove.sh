pypi-practice token revoke travis
