TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name project --project random-names)"
python -m twine upload --skip-existing --repository testpypi dist/*
