"""The Chromium of the tests is the one that makes the PDF."""

from site_builder.browser import ARGUMENTS, find, install, no_browser

__all__ = ["ARGUMENTS", "find", "install", "no_browser"]
