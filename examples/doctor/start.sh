pypi-practice fork shelf --name Tidy.Shelf --author "Ana Ruiz" --email ana@example.com --user ana-ruiz --yes > fork.log
cd shelf
