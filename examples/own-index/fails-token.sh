TWINE_USERNAME=__token__ python -m twine upload --repository-url http://127.0.0.1:8642/ dist/*
