python3 -m venv ../trial
../trial/bin/python -m pip install --index-url https://test.pypi.org/simple/ --no-deps random-names==0.1.0.dev1
