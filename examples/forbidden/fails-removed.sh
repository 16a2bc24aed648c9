pypi-practice token revoke by-hand
python -m twine upload --repository testpypi dist/*
