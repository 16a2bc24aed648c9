cp right.yml .travis.yml
echo 'if: branch = main' >> .travis.yml
git add . && git commit --quiet --allow-empty --message "Try"
pypi-practice travis run . --branch staging --dry-run
