python -m twine upload --repository pypi dist/*
