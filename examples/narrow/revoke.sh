pypi-practice token list
pypi-practice token revoke laptop
pypi-practice token revoke by-hand
pypi-practice token revoke travis-testpypi
