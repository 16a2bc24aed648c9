pypi-practice --version
