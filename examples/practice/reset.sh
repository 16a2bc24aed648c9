pypi-practice reset
