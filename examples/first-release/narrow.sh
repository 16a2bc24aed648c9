ACCOUNT="$(pypi-practice token new --index testpypi --name laptop)"
TWINE_PASSWORD="$(printf %s "$ACCOUNT" | pypi-practice token narrow --project random-names --hours 1)"
printf %s "$TWINE_PASSWORD" | pypi-practice token show
