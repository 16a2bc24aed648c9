cp right.yml .travis.yml
echo '    python: "3.6"' >> .travis.yml
pypi-practice travis run . --branch staging --dry-run
