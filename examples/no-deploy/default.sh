sed '/^  on:/,$d' right.yml > .travis.yml
pypi-practice travis run . --branch staging --dry-run
