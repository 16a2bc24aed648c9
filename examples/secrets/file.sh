cat > .travis.yml <<'END'
version: ~> 1.0
os: linux
dist: noble
language: python
python: "3.12"
install: skip
script:
  - echo "whole $TEST_PYPI_TOKEN"
  - (set -x; true "$TEST_PYPI_TOKEN")
  - echo "a piece ${TEST_PYPI_TOKEN:0:12}"
  - printf %s "$TEST_PYPI_TOKEN" | base64 --wrap 0 | cut --characters 1-16
END
git add . && git commit --quiet --message "Print what must not be printed" && git tag v0.1.0
