git checkout --quiet -b staging
git commit --quiet --all --message "Release 0.1.1"
git push --quiet --set-upstream origin staging
