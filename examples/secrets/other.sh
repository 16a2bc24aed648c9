pypi-practice travis run . --branch main --var TEST_PYPI_TOKEN@staging --dry-run
