git commit --quiet --all --message "Publish only on tags"
pypi-practice travis run . --branch main --dry-run
