cp right.yml .travis.yml
echo '    condition: $TRAVIS_PYTHON_VERSION = "3.6"' >> .travis.yml
git add . && git commit --quiet --allow-empty --message "Try"
pypi-practice travis run . --branch staging --dry-run
