git tag --delete v0.1.2
