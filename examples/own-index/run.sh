mkdir packages
index/bin/pypi-server run --interface 127.0.0.1 --port 8642 --disable-fallback --passwords users.htpasswd packages > server.log 2>&1 &
server=$!
curl --silent --retry 20 --retry-connrefused --retry-delay 1 --output welcome.html http://127.0.0.1:8642/
