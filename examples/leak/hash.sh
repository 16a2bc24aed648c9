python -m pip download --quiet --no-deps --dest published --index-url https://test.pypi.org/simple/ random-names==0.1.0
cmp dist/random_names-0.1.0-py3-none-any.whl published/random_names-0.1.0-py3-none-any.whl && echo "the same bytes"
