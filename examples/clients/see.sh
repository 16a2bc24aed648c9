python -m pip index versions --index-url https://test.pypi.org/simple/ random-names
