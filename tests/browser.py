"""The Chromium of the tests is the one that makes the PDF."""

from site_builder.browser import ARGUMENTS, NO_BROWSER, find

__all__ = ["ARGUMENTS", "NO_BROWSER", "find"]
