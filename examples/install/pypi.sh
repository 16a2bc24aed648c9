pipx install pypi-practice
