cat > .travis.yml <<'END'
version: ~> 1.0
os: linux
dist: noble
language: python
python: "3.12"
cache: pip
install: python -m pip install .
script: python -m unittest discover -s tests
deploy:
  provider: pypi
  username: your-name
  password: $PYPI_PASSWORD
  server: https://test.pypi.org/legacy/
  on:
    branch: staging
END
git init --quiet --initial-branch staging
git add .
git commit --quiet --message "Publish with a password"
