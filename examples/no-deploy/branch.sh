pypi-practice travis run . --branch main --dry-run
