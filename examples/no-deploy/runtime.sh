cp right.yml .travis.yml
echo '    python: "3.6"' >> .travis.yml
git add . && git commit --quiet --allow-empty --message "Try"
pypi-practice travis run . --branch staging --dry-run
