pypi-practice travis plan . --matrix --var TEST_PYPI_TOKEN@staging --var PYPI_TOKEN
