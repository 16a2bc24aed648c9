pypi-practice shell --allow-host index.example.org
