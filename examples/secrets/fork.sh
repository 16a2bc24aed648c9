pypi-practice travis run . --branch staging --from-fork --var TEST_PYPI_TOKEN@staging --dry-run
