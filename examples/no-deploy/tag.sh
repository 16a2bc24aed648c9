cp right.yml .travis.yml
git add . && git commit --quiet --allow-empty --message "Try"
git tag --force v0.1.0 > tag.log
pypi-practice travis run . --tag v0.1.0 --dry-run
