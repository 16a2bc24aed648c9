python3 -m zipfile -e random-names.zip .
cd random-names
python3 -m venv .venv
. .venv/bin/activate
python -m pip install --quiet build uv
uv pip install --quiet flit hatch poetry "pdm[locked]"
python -m build > build.log
