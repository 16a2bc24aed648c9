python -m pip index versions --pre --index-url https://test.pypi.org/simple/ random-names
