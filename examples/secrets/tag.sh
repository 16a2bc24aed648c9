pypi-practice travis run . --tag v0.1.0 --var TEST_PYPI_TOKEN@staging --dry-run
