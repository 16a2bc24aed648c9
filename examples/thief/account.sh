TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name account)"
export TWINE_PASSWORD
python -m twine upload --repository testpypi dist/*
python -m twine upload --repository testpypi other/*
