TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi)"
