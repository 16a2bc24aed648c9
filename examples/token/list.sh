pypi-practice token list
