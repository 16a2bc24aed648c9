python3 -m venv ../fresh
../fresh/bin/python -m pip install random-names
../fresh/bin/random_name -o 2
