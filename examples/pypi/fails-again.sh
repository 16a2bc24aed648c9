pypi-practice travis run . --tag v0.1.1 --var PYPI_TOKEN
