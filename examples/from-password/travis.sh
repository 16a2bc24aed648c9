TEST_PYPI_TOKEN="$TWINE_PASSWORD" pypi-practice travis run . --branch staging --var TEST_PYPI_TOKEN
