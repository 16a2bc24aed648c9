pypi-practice account --index testpypi --email verified --two-factor off > state.txt
python -m twine upload --repository testpypi dist/*
