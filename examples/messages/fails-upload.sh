TWINE_PASSWORD="${TWINE_PASSWORD#pypi-}" python -m twine upload --repository testpypi dist/*
