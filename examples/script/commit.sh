git add .
git commit --quiet --message "Publish without setup.py"
