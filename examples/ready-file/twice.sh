python3 -m venv ../tools
../tools/bin/python -m pip install --quiet --upgrade build setuptools
git clone --quiet . ../one && git clone --quiet . ../two
(cd ../one && ../tools/bin/python setup.py --quiet sdist bdist_wheel) > ../one.log 2>&1
(cd ../two && umask 077 && TZ=Asia/Tokyo ../tools/bin/python -m build --no-isolation) > ../two.log 2>&1
for file in ../one/dist/*; do cmp "$file" "../two/dist/$(basename "$file")" && echo "$(basename "$file"): the same bytes"; done
