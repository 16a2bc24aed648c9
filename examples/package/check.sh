python -m twine check --strict dist/*
