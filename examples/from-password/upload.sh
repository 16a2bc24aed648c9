TWINE_USERNAME=__token__ python -m twine upload --repository testpypi dist/*
