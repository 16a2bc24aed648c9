PYPI_TOKEN="$(pypi-practice token new --index pypi --name travis)"
export PYPI_TOKEN
