cat > .travis.yml <<'END'
version: ~> 1.0
os: linux
dist: noble
language: python
python: "3.12"
install: skip
script: skip
deploy:
  provider: pypi
  username: travis
  password: $INDEX_PASSWORD
  server: http://127.0.0.1:8642/
  distributions: "sdist bdist_wheel"
  on:
    branch: main
END
sed -i.bak 's/^version = .*/version = "0.1.1"/' pyproject.toml
git init --quiet --initial-branch main
git add . && git commit --quiet --message "Publish to our own index"
