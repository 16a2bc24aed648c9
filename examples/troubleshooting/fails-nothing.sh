env -u TWINE_PASSWORD python -m twine upload --non-interactive --repository testpypi dist/*
