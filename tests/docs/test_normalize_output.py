"""What may differ between two captures, and what may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.docs import normalize_output


@pytest.mark.parametrize(
    ("first_output", "second_output"),
    [
        ("a push to staging (b609813); nothing", "a push to staging (1e98189); nothing"),
        ("abc1234    refs/heads/main", "def5678    refs/heads/main"),
        ("9.0/9.0 kB • 00:00 • ?", "9.1/9.1 kB • 00:01 • 3.2 MB/s"),
        ("Python 3.11.7", "Python 3.13.1"),
        ("setuptools-84.2.1", "setuptools-90.0.0"),
        ("Resolved 1 package in 76ms", "Resolved 1 package in 1.20s"),
        ("calm-otter", "brave-lynx"),
        ("last used: 2026-11-23 18:37", "last used: 2027-01-02 03:04"),
    ],
)
def test_what_differs_from_day_to_day_is_equal(first_output, second_output):
    assert normalize_output.compared(first_output) == normalize_output.compared(second_output)


def test_a_refresh_sees_that_a_file_has_grown():
    first, second = (f"Uploading {size} kB in 1.2 s" for size in ("9.0", "9.1"))
    assert normalize_output.compared(first, with_sizes=True) != normalize_output.compared(
        second, with_sizes=True
    )
    assert normalize_output.compared(first, with_sizes=True) == "Uploading 9.0 kB in <seconds>"


@pytest.mark.parametrize(
    ("first_output", "second_output"),
    [
        ("Version: 0.1.0", "Version: 0.1.1"),
        ("403 Forbidden", "400 Bad Request"),
        ("https://test.pypi.org/legacy/", "https://upload.pypi.org/legacy/"),
        ("$ twine upload --skip-existing -r pypi dist/*", "$ twine upload -r pypi dist/*"),
        ("Deleted API token 'laptop'.", "Deleted API token 'by-hand'."),
    ],
)
def test_what_a_page_says_is_not_equal(first_output, second_output):
    assert normalize_output.compared(first_output) != normalize_output.compared(second_output)


def test_a_token_is_never_shown_whole():
    token = "pypi-Ag" + "x" * 120
    assert normalize_output.normalized(f"token: {token}\n", Path("/nowhere")) == (
        f"token: {normalize_output.SHORT_TOKEN}\n"
    )
