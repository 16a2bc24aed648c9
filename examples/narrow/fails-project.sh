sed -i.bak 's/^name = "random-names"/name = "other-names"/' pyproject.toml
python -m build --outdir other > build.log && mv pyproject.toml.bak pyproject.toml
python -m twine upload --repository testpypi other/*
