python -m twine upload --skip-existing --repository testpypi dist/*
