cp right.yml .travis.yml
echo '    repo: old-name/random-names' >> .travis.yml
pypi-practice travis run . --branch staging --dry-run
