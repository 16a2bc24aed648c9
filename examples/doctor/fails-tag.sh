git tag v0.2.0
pypi-practice doctor --offline
