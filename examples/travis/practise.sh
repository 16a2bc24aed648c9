git init --quiet --bare ../github.git
git config url."$PWD/../github.git".insteadOf https://github.com/your-name/random-names.git
