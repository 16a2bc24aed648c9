git tag --delete v0.2.0 > /dev/null
cat >> pyproject.toml <<'END'

[tool.pypi-practice.ignore]
demo-description = "a copy to practise with"
END
git commit --quiet --all --message "Ignore a check, and say why"
pypi-practice doctor --offline
