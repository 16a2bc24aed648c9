pypi-practice token new --index testpypi | pypi-practice token show
