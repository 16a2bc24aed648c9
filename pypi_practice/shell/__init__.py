"""The practice shell: an environment in which PyPI's own addresses mean the practice index."""
