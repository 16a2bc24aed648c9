sed -i.bak -e 's/username: your-name/username: __token__/' -e 's/PYPI_PASSWORD/TEST_PYPI_TOKEN/' .travis.yml
sed -i.bak 's/^version = "0.1.0"/version = "0.1.1"/' pyproject.toml
git commit --quiet --all --message "Publish version 0.1.1 with a token"
git diff --unified=0 HEAD~1 -- .travis.yml
