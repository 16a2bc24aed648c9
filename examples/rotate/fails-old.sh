TWINE_PASSWORD="$OLD" python -m twine upload --repository testpypi dist/*
