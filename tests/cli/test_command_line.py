"""What pypi-practice says and does with tokens, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_practice.cli.main import main
from pypi_practice.core.i18n import language


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPI_PRACTICE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.delenv("PYPI_PRACTICE", raising=False)


def test_a_token_is_made_listed_and_revoked(capsys):
    assert main(["token", "new", "--index", "testpypi", "--name", "laptop"]) == 0
    token = capsys.readouterr().out.strip()
    assert token.startswith("pypi-")
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert "laptop" in listed
    assert "entire account" in listed
    assert token not in listed
    assert main(["token", "revoke", "laptop"]) == 0
    capsys.readouterr()
    main(["token", "list"])
    assert "There are no tokens yet" in capsys.readouterr().out


def test_names_are_found_when_none_is_given(capsys):
    for _ in range(3):
        assert main(["token", "new", "--index", "pypi"]) == 0
    capsys.readouterr()
    main(["token", "list"])
    listed = capsys.readouterr().out
    assert all(f"practice-{number}" in listed for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("arguments", "english", "spanish"),
    [
        (
            ["token", "new", "--index", "testpypi", "--project", "nothing-here"],
            "Unknown or invalid project name: nothing-here",
            "Nombre de proyecto desconocido o no válido: nothing-here",
        ),
        (["token", "revoke", "nothing"], "There is no token nothing", "No existe el token nothing"),
        (["shell", "--port", "70000"], "must be a number", "tiene que ser un número"),
    ],
)
def test_bad_input_gets_a_sentence_in_the_users_language(arguments, english, spanish, capsys):
    for code, sentence in (("en", english), ("es", spanish)):
        assert main([*arguments, "--lang", code]) == 2
        assert sentence in capsys.readouterr().err


def test_a_token_name_is_used_once(capsys):
    main(["token", "new", "--index", "pypi", "--name", "x"])
    assert main(["token", "new", "--index", "pypi", "--name", "x"]) == 2
    assert "already in use" in capsys.readouterr().err


def test_the_same_name_on_both_indexes_asks_for_the_identifier(capsys):
    for index in ("pypi", "testpypi"):
        main(["token", "new", "--index", index, "--name", "x"])
    capsys.readouterr()
    assert main(["token", "revoke", "x"]) == 2
    assert "Both indexes have a token x" in capsys.readouterr().err


def test_argparse_speaks_spanish(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["token", "new", "--lang", "es"])
    assert stopped.value.code == 2
    assert "faltan estos argumentos: --index" in capsys.readouterr().err


def test_an_unknown_language_is_refused(capsys):
    assert main(["--lang", "xx", "list"]) == 2
    assert "There is no language xx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_MX.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "de:es", "LANG": "de_DE"}, "es"),
        ({"LANG": "de_DE"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(variables, expected):
    assert language(variables) == expected
