cp right.yml .travis.yml
git add . && git commit --quiet --allow-empty --message "Try"
pypi-practice travis run . --branch staging --pull-request --dry-run
