pypi-practice token new --index pypi --project random-names
