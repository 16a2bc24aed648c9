from packaging.version import Version

versions = ["0.2.0", "0.2.0rc1", "0.1.9", "0.2.0.dev12", "0.2.0.dev7"]
print(sorted(versions, key=Version))
#> ['0.1.9', '0.2.0.dev7', '0.2.0.dev12', '0.2.0rc1', '0.2.0']
