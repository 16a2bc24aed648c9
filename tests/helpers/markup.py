"""Elements and attributes of a parsed page that a test needs, so that a missing one fails it."""

from __future__ import annotations

from bs4 import Tag


def element(page: Tag, selector: str) -> Tag:
    """Return the first element of *page* that the CSS selector names."""
    selected = page.select_one(selector)
    assert selected is not None, f"nothing on the page is {selector}"
    return selected


def text(page: Tag, selector: str) -> str:
    """Return the text of the first element that the CSS selector names."""
    return element(page, selector).get_text()


def attribute(tag: Tag, name: str) -> str:
    """Return an attribute that has one value."""
    value = tag[name]
    assert isinstance(value, str), f"{name} of {tag.name} is a list"
    return value
