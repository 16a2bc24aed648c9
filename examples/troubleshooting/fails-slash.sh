python -m twine upload --repository-url https://test.pypi.org/legacy dist/*
