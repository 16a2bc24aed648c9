TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi --name travis-testpypi)"
export TEST_PYPI_TOKEN
pypi-practice travis run . --branch staging --var TEST_PYPI_TOKEN@staging
