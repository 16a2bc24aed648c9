curl --fail --silent --show-error https://index.example.org/
