export TWINE_USERNAME=__token__
TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name by-hand)"
export TWINE_PASSWORD
python -m twine upload --repository testpypi dist/*
