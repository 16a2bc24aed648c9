unset TWINE_PASSWORD
mv pyproject.toml.bak pyproject.toml
rm dist/*
