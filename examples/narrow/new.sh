TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name travis-random-names --project random-names)"
TWINE_USERNAME=__token__
export TWINE_PASSWORD TWINE_USERNAME
