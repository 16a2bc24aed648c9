python -m pip index versions --index-url http://127.0.0.1:8642/simple/ random-names
