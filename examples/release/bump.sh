sed -i.bak 's/^version = "0.1.0"/version = "0.1.1"/' pyproject.toml && rm pyproject.toml.bak
git diff --unified=0 pyproject.toml
