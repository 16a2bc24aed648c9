TWINE_PASSWORD="$NEW" python -m twine upload --repository testpypi dist/*
pypi-practice token list
