TWINE_PASSWORD="$(pypi-practice token new --index testpypi --project random-names --name travis-2)"
echo "export TEST_PYPI_TOKEN=$TWINE_PASSWORD" > build.log
pypi-practice leak < build.log
