pypi-practice shell --fresh -- pypi-practice token list
