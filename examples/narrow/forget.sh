python -m keyring del https://test.pypi.org/legacy/ __token__
