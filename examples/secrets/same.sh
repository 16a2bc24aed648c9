pypi-practice travis run . --branch staging --pull-request --var TEST_PYPI_TOKEN@staging --dry-run
