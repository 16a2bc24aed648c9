rm -r pypi-practice
