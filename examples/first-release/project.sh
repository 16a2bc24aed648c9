TWINE_PASSWORD="$(pypi-practice token new --index pypi --project random-names --name travis-random-names)"
pypi-practice token revoke first-upload
