git tag v0.1.2
pypi-practice travis run . --tag v0.1.2 --var PYPI_TOKEN
