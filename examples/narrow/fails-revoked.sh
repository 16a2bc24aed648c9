pypi-practice token revoke travis-random-names
python -m twine upload --repository testpypi dist/*
