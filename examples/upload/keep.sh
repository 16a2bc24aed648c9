python -m keyring set https://test.pypi.org/legacy/ __token__
