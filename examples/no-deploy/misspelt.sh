sed 's/    branch: staging/    tag: true/' right.yml > .travis.yml
pypi-practice travis run . --tag v0.1.0 --dry-run
