sed -i.bak 's/^version = .*/version = "0.1.2"/' pyproject.toml
python -m build --wheel --outdir stolen > build.log && mv pyproject.toml.bak pyproject.toml
python -m twine upload --repository testpypi stolen/*
