export TWINE_USERNAME=__token__
OLD="$(pypi-practice token new --index testpypi --name laptop-and-travis)"
TWINE_PASSWORD="$OLD" python -m twine upload --repository testpypi dist/*
pypi-practice token new --index testpypi --name old-server > forgotten.txt
