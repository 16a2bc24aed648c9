python -m pip install --quiet .
random_name -o 3
