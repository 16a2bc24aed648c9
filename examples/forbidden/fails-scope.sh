NARROW="$(pypi-practice token new --index testpypi --project random-names --name narrow)"
sed -i.bak 's/^name = "random-names"/name = "other-names"/' pyproject.toml
python -m build --wheel --outdir other > build.log && mv pyproject.toml.bak pyproject.toml
TWINE_PASSWORD="$NARROW" python -m twine upload --repository testpypi other/*
