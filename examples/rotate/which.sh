printf %s "$OLD" | pypi-practice token show
