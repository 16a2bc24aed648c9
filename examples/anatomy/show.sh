pypi-practice token new --index testpypi --name anatomy | pypi-practice token show
