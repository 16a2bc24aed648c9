python -m twine upload --skip-existing --repository-url http://127.0.0.1:8642/ dist/*
