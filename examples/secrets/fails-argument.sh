bash -c 'sleep 3; true' twine --password "$TEST_PYPI_TOKEN" &
sleep 1; ps -ww -o args= -p $!
! ps -ww -o args= -p $! | grep --quiet pypi-
