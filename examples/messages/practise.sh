cd random-names
. .venv/bin/activate
TWINE_USERNAME=__token__
TWINE_PASSWORD="$(pypi-practice token new --index testpypi --name messages)"
export TWINE_USERNAME TWINE_PASSWORD
