sed -i.bak 's/^version = .*/version = "0.1.1"/' pyproject.toml && rm pyproject.toml.bak
git commit --quiet --all --message "Release 0.1.1"
git tag v0.1.1
