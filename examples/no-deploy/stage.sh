cat head.yml - > .travis.yml <<'END'
stages:
  - test
  - name: publish
    if: tags = true
jobs:
  include:
    - stage: test
    - stage: publish
      deploy:
        provider: pypi
        username: __token__
        password: $PYPI_TOKEN
        on:
          tags: true
END
git add . && git commit --quiet --allow-empty --message "Try"
git tag --force v0.1.0 > tag.log
pypi-practice travis run . --tag v0.1.0 --dry-run
