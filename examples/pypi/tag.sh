git checkout --quiet main
git merge --quiet staging
git tag v0.1.1
git push --quiet origin main
git push --quiet origin v0.1.1
