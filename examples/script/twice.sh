python3 -m venv ../locked
../locked/bin/python -m pip install --quiet --require-hashes -r publish.txt
git clone --quiet . ../one && git clone --quiet . ../two
(cd ../one && ../locked/bin/python -m build --no-isolation) > ../one.log 2>&1
(cd ../two && umask 077 && TZ=Asia/Tokyo ../locked/bin/python -m build --no-isolation) > ../two.log 2>&1
for file in ../one/dist/*; do cmp "$file" "../two/dist/$(basename "$file")" && echo "$(basename "$file"): the same bytes"; done
