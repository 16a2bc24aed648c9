python -m pip install --quiet keyring
python -m keyring set https://test.pypi.org/legacy/ __token__
env -u TWINE_PASSWORD python -m twine upload --skip-existing --repository testpypi dist/*
