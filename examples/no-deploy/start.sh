mkdir deploys && cd deploys
git init --quiet --initial-branch staging
git commit --quiet --allow-empty --message "Start"
cat > head.yml <<'END'
version: ~> 1.0
os: linux
dist: noble
language: python
python: "3.12"
install: skip
script: python --version
END
