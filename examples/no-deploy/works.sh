cat head.yml - > .travis.yml <<'END'
deploy:
  provider: pypi
  username: __token__
  password: $TEST_PYPI_TOKEN
  server: https://test.pypi.org/legacy/
  on:
    branch: staging
END
cp .travis.yml right.yml
git add . && git commit --quiet --allow-empty --message "Try"
pypi-practice travis run . --branch staging --dry-run
