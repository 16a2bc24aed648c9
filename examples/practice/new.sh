pypi-practice token new --index testpypi --name first
pypi-practice token list
