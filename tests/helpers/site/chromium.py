"""The Chromium of the tests is the one that makes the PDF."""

import time

from playwright.sync_api import Page

from site_builder.browser import ARGUMENTS, find, install, no_browser

__all__ = ["ARGUMENTS", "find", "install", "no_browser", "until"]
PATIENCE = 30  # seconds


def until(page: Page, expression: str) -> None:
    """Wait until *expression* is true in a page.

    Playwright's own waiting runs a text as a script in the page, which the site's policy refuses
    whenever the expression is not true at once.
    """
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(50)
