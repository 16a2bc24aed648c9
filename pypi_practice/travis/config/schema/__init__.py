"""What Travis CI's own validator says of a file: its levels, its codes, its words.

Source: travis-yml at commit 8d6f36f7 (lib/travis/yml.rb, lib/travis/yml/doc). The folder
tests/fixtures/travis holds what the real one says of each of its files. Not covered: the keys
inside ``addons``, ``notifications``, ``import``, ``vault``, ``vm`` and ``workspaces``, and the
kinds of the options of the deploy providers other than pypi and script.
"""
