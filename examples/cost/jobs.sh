for event in "--branch main" "--branch staging" "--tag v0.1.0" "--branch main --pull-request"; do
  jobs=$(pypi-practice travis run . --dry-run $event | grep -cE '^  \w+ 1\.[0-9]+:')
  echo "$event: $jobs jobs"
done
