pypi-practice account --index testpypi --two-factor on
python -m twine upload --repository testpypi dist/*
