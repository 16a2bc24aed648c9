pypi-practice travis run . --branch staging
