pypi-practice travis plan . --branch staging --var TEST_PYPI_TOKEN@staging
