../trial/bin/python -m pip install --quiet --upgrade --index-url https://test.pypi.org/simple/ --no-deps random-names==0.1.1.dev1
../trial/bin/python -m pip show random-names
