pypi-practice travis run . --branch main --var INDEX_PASSWORD@main --allow-host 127.0.0.1:8642
