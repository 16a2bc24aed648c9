PYPI_TOKEN="$(pypi-practice token new --index pypi --name travis-pypi)"
export PYPI_TOKEN
