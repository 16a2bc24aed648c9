TWINE_USERNAME=__token__
TWINE_PASSWORD="$(pypi-practice token new --index testpypi)"
export TWINE_USERNAME TWINE_PASSWORD
