git tag v0.1.0
pypi-practice travis run . --tag v0.1.0 --var PYPI_TOKEN --dry-run
