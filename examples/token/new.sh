pypi-practice token new --index testpypi --name laptop
