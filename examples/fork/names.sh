cd shelf
git log --format=%s
git ls-files
git grep -nE "random[-_]names?" || echo "no trace"
