python3 -m zipfile -e random-names.zip .
cd random-names
git init --quiet --initial-branch staging
