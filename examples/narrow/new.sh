TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name travis-random-names --project random-names)"
export TWINE_PASSWORD
