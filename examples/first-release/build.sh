sed -i.bak 's/^version = .*/version = "0.1.0.dev0"/' pyproject.toml
python -m build > build.log
python -m twine check --strict dist/*
