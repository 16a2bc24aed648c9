python -m pip install --index-url http://127.0.0.1:8642/simple/ --no-deps random-names==0.1.0
