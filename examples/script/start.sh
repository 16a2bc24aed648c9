python3 -m zipfile -e random-names.zip .
cd random-names
rm setup.py
git init --quiet --initial-branch staging
