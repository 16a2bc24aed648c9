env -u TWINE_PASSWORD python -m twine upload --skip-existing --repository testpypi dist/*
