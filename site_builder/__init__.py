"""Builds the site: both languages, their listings and downloads, the root page."""
