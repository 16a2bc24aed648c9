"""Rehearse a Travis CI build on this computer: what ``.travis.yml`` does, with practice uploads."""
