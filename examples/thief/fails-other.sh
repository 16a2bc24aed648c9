python -m twine upload --repository testpypi other/*
