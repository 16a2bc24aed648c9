python -m twine upload --repository testpypi dist/*
pypi-practice token revoke laptop
unset ACCOUNT
