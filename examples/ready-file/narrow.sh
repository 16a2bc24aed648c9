git tag v0.1.0
pypi-practice travis plan . --matrix --tag v0.1.0 --var TEST_PYPI_TOKEN@staging --var PYPI_TOKEN@v0.1.0
