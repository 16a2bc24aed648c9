python3 -m pip download --no-deps --index-url https://test.pypi.org/simple/ six
