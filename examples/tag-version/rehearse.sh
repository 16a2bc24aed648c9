PYPI_TOKEN="$(pypi-practice token new --index pypi --name travis-pypi)"
export PYPI_TOKEN
pypi-practice travis run . --tag v0.1.1 --var PYPI_TOKEN
