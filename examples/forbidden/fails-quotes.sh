TWINE_PASSWORD="'$TWINE_PASSWORD'" python -m twine upload --repository testpypi dist/*
