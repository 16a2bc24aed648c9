sed 's/    branch: staging/    tags: true/' right.yml > .travis.yml
pypi-practice travis run . --branch staging --dry-run
