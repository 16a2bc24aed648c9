python -m twine upload dist/*
pypi-practice token list
