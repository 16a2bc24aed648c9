"""The same sources, built with what may follow Material: nothing of a page is lost."""

from __future__ import annotations

import pytest
from helpers.docs.blocks import pages
from helpers.site.built_site import LANGUAGES

from scripts import leave
from site_builder.formats.page_formats import WHEEL
from site_builder.site_data import page_address


@pytest.fixture(scope="module")
def programs() -> None:
    """Both programs, in an environment of their own."""
    leave.install()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", leave.PROGRAMS)
def test_another_program_builds_the_same_pages(
    program, language, programs, built_site, tmp_path, record_property, monkeypatch
):
    monkeypatch.setenv(WHEEL, "")  # which is as it was again afterwards
    leave.give_wheel(built_site.site)
    theirs = leave.build(program, language, tmp_path)
    differences = leave.compare(program, language, built_site.site / language, theirs)
    record_property("difference", str(differences))
    assert (differences.missing, differences.texts, differences.ids, differences.files) == (
        [],
        [],
        [],
        [],
    ), str(differences)
    # Only what our hooks do to a finished page is lost where no hook runs: the page says so.
    assert bool(differences.marks) is (program == "zensical"), str(differences)


def test_a_difference_is_seen(built_site, tmp_path):
    """The comparison can fail: a page, a word, an id and a file are taken away."""
    ours = built_site.site / "en"
    for page in pages():
        path = f"{page_address(page)}index.html"
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        text = (ours / path).read_text(encoding="utf-8")
        if page == "take":
            text = text.replace("Without internet", "Without")
        if page == "practice":
            text = text.replace('<h2 id="', '<h2 data-was="', 1)
        if page != "changes":
            (tmp_path / path).write_text(text, encoding="utf-8")
    differences = leave.compare("nothing", "en", ours, tmp_path)
    assert differences.missing == ["changes"]
    assert differences.texts == ["take"]
    assert differences.ids == ["practice"]
    assert "files/random-names.zip" in differences.files
