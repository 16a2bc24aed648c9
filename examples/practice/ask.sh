python3 -m pip download --quiet --no-deps --index-url https://pypi.org/simple/ six && ls *.whl
