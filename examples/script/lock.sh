printf '%s\n' build hatchling twine > publish.in
python -m pip install --quiet uv
uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --output-file publish.txt publish.in
