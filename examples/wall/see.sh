pypi-practice wall
