TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name by-hand)"
export TWINE_PASSWORD
