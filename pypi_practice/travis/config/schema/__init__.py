"""Validates a file as Travis CI's validator does, with its levels, codes and messages.

Source: travis-yml at commit 8d6f36f7 (lib/travis/yml.rb, lib/travis/yml/doc). The folder
tests/fixtures/travis has the messages of the real one for each of its files. Not covered: the keys
inside ``addons``, ``notifications``, ``import``, ``vault``, ``vm`` and ``workspaces``, and the
kinds of the options of the deploy providers other than pypi and script.
"""
