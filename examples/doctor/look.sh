pypi-practice doctor --offline
