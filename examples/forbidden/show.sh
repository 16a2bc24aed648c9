printf %s "$TWINE_PASSWORD" | pypi-practice token show
