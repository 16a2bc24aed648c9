python -m twine upload --repository testpypi dist/*
