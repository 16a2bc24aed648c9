pypi-practice account --index testpypi --email unverified > state.txt
python -m twine upload --repository testpypi dist/*
