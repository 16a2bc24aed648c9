cd ~/tutorial/random-names
. .venv/bin/activate
