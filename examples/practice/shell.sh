pypi-practice shell
