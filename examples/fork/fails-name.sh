pypi-practice fork other --name json --author "Ana Ruiz" --email ana@example.com --user ana-ruiz --yes
