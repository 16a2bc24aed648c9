python3 -m zipfile -e random-names.zip .
cd random-names
python3 -m venv .venv
. .venv/bin/activate
python -m pip install --quiet --upgrade build twine
python -m build > build.log
sed -i.bak 's/^name = "random-names"/name = "other-names"/' pyproject.toml
python -m build --outdir other > build.log
export TWINE_USERNAME=__token__
