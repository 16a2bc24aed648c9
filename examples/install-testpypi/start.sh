python3 -m zipfile -e random-names.zip .
cp -r random-names party-names
mv party-names/src/random_names party-names/src/party_names
sed -i.bak 's/^name = .*/name = "party-names"/; s/^keywords = .*/dependencies = ["random-names"]/' party-names/pyproject.toml
cp -r random-names stranger
sed -i.bak 's/^version = .*/version = "99.0"/' stranger/pyproject.toml
