python -m twine upload dist/*
