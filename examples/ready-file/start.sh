python3 -m zipfile -e random-names.zip .
cd random-names
git init --quiet --initial-branch main
git add .
git commit --quiet --message "Start from the demo package"
