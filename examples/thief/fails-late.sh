pypi-practice token revoke project
python -m twine upload --repository testpypi dist/*
