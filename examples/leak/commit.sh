echo "export TEST_PYPI_TOKEN=$TWINE_PASSWORD" > settings.sh
git add settings.sh && git commit --quiet --message "Add settings"
git rm --quiet settings.sh && git commit --quiet --message "Remove settings"
