pypi-practice token revoke laptop-and-travis
pypi-practice token revoke old-server
rm forgotten.txt
