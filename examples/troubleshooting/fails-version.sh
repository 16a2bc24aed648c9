sed -i.bak 's/^version = .*/version = "0.2.0+local"/' pyproject.toml
python -m build --outdir local > build.log
python -m twine upload --repository testpypi local/*
