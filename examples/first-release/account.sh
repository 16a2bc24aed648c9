TWINE_USERNAME=__token__
TWINE_PASSWORD="$(pypi-practice token new --index pypi --name first-upload)"
export TWINE_USERNAME TWINE_PASSWORD
