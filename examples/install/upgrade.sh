pipx upgrade pypi-practice
