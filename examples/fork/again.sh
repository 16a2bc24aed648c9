pypi-practice fork . --name another
