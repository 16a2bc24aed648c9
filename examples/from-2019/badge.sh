echo '[![Build](https://travis-ci.org/your-name/random-names.svg?branch=master)](https://travis-ci.org/your-name/random-names)' >> README.md
sed -i.bak -e 's#https://travis-ci\.org/#https://app.travis-ci.com/#g' -e 's/branch=master/branch=main/' README.md
tail -n 1 README.md
git commit --quiet --all --message "Point the badge at app.travis-ci.com"
