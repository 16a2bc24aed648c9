NEW="$(pypi-practice token new --index testpypi --project random-names --name travis-random-names-2)"
