pypi-practice shell --require-wall
