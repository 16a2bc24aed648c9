pypi-practice token new --index testpypi --name travis-random-names --project random-names
