git commit --quiet --allow-empty --message "Change nothing but the commit"
git tag --force v0.1.1 > /dev/null
pypi-practice travis run . --tag v0.1.1 --var PYPI_TOKEN
