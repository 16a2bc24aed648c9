git remote add origin https://github.com/your-name/random-names.git
git push --quiet --set-upstream origin main
git ls-remote --heads origin
