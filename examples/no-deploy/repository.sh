cp right.yml .travis.yml
echo '    repo: old-name/random-names' >> .travis.yml
git add . && git commit --quiet --allow-empty --message "Try"
pypi-practice travis run . --branch staging --dry-run
