"""An unknown word is answered with the nearest one that is known."""

from __future__ import annotations

import sys

import pytest

from pypi_practice.cli.main import main
from pypi_practice.core.i18n import LANGUAGES, Translator

PROJECT = '[project]\nname = "x"\nversion = "1"\n[tool.pypi-practice.ignore]\nreadm = "none"\n'


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYPI_PRACTICE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("PYPI_PRACTICE", raising=False)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / ".travis.yml").write_text(
        "language: python\n# pypi-practice: ignore no-whel: not needed\nscript: true\n"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["docter"], "doctor"),
        (["Token", "list"], "token"),
        (["travis", "chek"], "check"),
        (["token", "shw"], "show"),
        (["list", "--jsn"], "--json"),
        (["--verison"], "--version"),
        (["token", "--hlep"], "--help"),
        (["account", "--idnex", "pypi"], "--index"),
        (["travis", "plan", ".", "--brnch=main"], "--branch"),
        (["account", "--index", "pipy"], "pypi"),
        (["travis", "plan", ".", "--event", "push-request"], "pull_request"),
        (["shell", "--wall", "landlok"], "landlock"),
        (["completion", "zhs"], "zsh"),
        (["travis", "check", "--fix-also", "no-whel"], "no-wheel"),
        (["travis", "check"], "no-wheel"),
        (["doctor", "--offline", "--no-build"], "readme"),
        (["token", "revoke", "lptop"], "laptop"),
    ],
)
def test_the_nearest_word_is_named(language, arguments, meant, capsys):
    main(["token", "new", "--index", "pypi", "--name", "laptop"])
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:  # argparse leaves, the other commands return
        sys.exit(main([*arguments, "--lang", language]))
    assert stopped.value.code == 2
    shown = capsys.readouterr().err
    assert shown.rstrip().endswith(Translator(language)("did_you_mean", word=meant)), shown


def test_a_language_is_suggested(capsys):
    assert main(["list", "--lang", "ess"]) == 2
    assert "Did you mean es?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["x"], ["list", "--zzz"], ["token", "--zzz"], ["token", "new", "--index", "zzz"]]
)
def test_nothing_is_suggested_that_is_not_like_it(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--lang", "en"])
    assert stopped.value.code == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_an_error_repeats_no_escape_sequence(capsys):
    with pytest.raises(SystemExit):
        main(["list", "--\x1b[2J"])
    assert "\x1b" not in capsys.readouterr().err
