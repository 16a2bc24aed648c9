cd ~/tutorial
python3 -m zipfile -e random-names.zip .
cd random-names
