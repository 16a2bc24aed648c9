pypi-practice travis run . --branch staging --dry-run
