pypi-practice shell --fresh
