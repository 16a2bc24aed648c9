cp right.yml .travis.yml
pypi-practice travis run . --branch staging --pull-request --dry-run
