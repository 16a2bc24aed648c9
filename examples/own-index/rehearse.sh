pypi-practice travis run . --branch main --var INDEX_PASSWORD@main
