cp right.yml .travis.yml
echo 'if: branch = main' >> .travis.yml
pypi-practice travis run . --branch staging --dry-run
