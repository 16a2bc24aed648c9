git commit --quiet --all --message "Change who deploys"
git tag --force v0.1.0 > /dev/null
pypi-practice travis run . --tag v0.1.0 --var PYPI_TOKEN --dry-run
