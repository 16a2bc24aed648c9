TWINE_PASSWORD="$TEST_PYPI_TOKEN" bash -c 'sleep 3; true' twine &
sleep 1; ps -ww -o args= -p $!
! ps -ww -o args= -p $! | grep --quiet pypi-
