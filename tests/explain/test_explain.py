"""``pypi-practice explain``: what it finds, what it says, and what it never shows."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers.docs.blocks import ROOT
from helpers.explain.cases import EXPECTED, FINDABLE, log, wordings, wrapped
from helpers.travis.rehearsals import project

from pypi_practice.cli import explain
from pypi_practice.cli.main import main
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.explain import last_failure, matcher
from pypi_practice.explain.catalog import catalogue
from pypi_practice.tokens import patterns
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event

TOKEN = "pypi-AgE" + "NdGVzdHB5cGkucHJhY3RpY2U" + 90 * "x"
REFUSED = (
    "HTTPError: 403 Forbidden from https://a.example/\n"
    "Invalid or non-existent authentication information."
)


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPI_PRACTICE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.delenv("PYPI_PRACTICE", raising=False)


@pytest.fixture
def piped(monkeypatch):
    """Give a function that puts bytes or a text on standard input."""

    def put(text: str | bytes) -> None:
        raw = text.encode() if isinstance(text, str) else text
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return put


# Finding


@pytest.mark.parametrize("entry", FINDABLE, ids=lambda entry: entry.id)
def test_each_message_is_found_first_however_it_is_shown(entry):
    for text in wordings(entry):
        shown = [text, *(wrapped(text, width) for width in (24, 61))]
        shown.append(f"2026-11-24T08:00:00.1Z {text}\r\n2026-11-24T08:00:00.2Z other\r\n")
        shown.append(f"travis_time:start:0a\r\x1b[0K$ command\r\n\x1b[33;1m{text}\x1b[0m\r\n")
        shown.append("> " + text.replace("'", "\u2019"))
        for log_text in shown:
            ids = [match.entry.id for match in matcher.find(log_text)]
            assert ids[:1] == [entry.id], f"{ids} are found in {log_text!r}"


@pytest.mark.parametrize("name", EXPECTED)
def test_the_right_message_is_found_first_in_a_log(name):
    ids = [match.entry.id for match in matcher.find(log(name))]
    assert ids[0] == EXPECTED[name][0]
    assert set(EXPECTED[name]) <= set(ids)


def test_there_are_ten_logs_and_each_is_looked_at():
    assert len(EXPECTED) >= 10
    assert {path.name for path in (ROOT / "tests" / "fixtures" / "logs").glob("*.log")} == set(
        EXPECTED
    )


def test_the_line_is_that_of_the_file():
    (match, *_) = matcher.find(f"one\r\ntwo\r\n\r\n{wrapped(REFUSED.splitlines()[1], 24)}\r\nx")
    assert (match.line, match.last_line) == (4, 6)


def test_a_log_in_which_all_is_well_has_no_cause():
    text = (
        "$ python -m build\nSuccessfully built demo-1.0.tar.gz\nDone. Your build exited with 0.\n"
    )
    assert matcher.find(text) == []


def test_what_happened_first_of_two_causes_is_first():
    texts = ["NonInteractive: Credential not found for API token.", "No module named build"]
    for order in (texts, texts[::-1]):
        first, second = (match.entry.texts[0] for match in matcher.find("\n".join(order)))
        assert [first, second] == order


def test_a_general_message_is_found_where_no_other_covers_it():
    text = "Invalid API Token: token is expired\nInvalid API Token: caveat has unknown tag: 9"
    assert [match.entry.id for match in matcher.find(text)] == ["token-expired", "token"]
    assert [match.entry.id for match in matcher.find(text.splitlines()[0])] == ["token-expired"]


# Saying


def test_a_file_is_explained_best_first(tmp_path, capsys):
    file = tmp_path / "job.log"
    file.write_bytes(log("travis-empty-token.log").encode())
    assert main(["explain", str(file)]) == 0
    output = capsys.readouterr().out
    assert output.startswith("Invalid or non-existent authentication information (PyPI, line ")
    assert "  Cause: " in output
    assert "  Fix: " in output
    assert "More in the guide: howto/forbidden/#look" in output
    assert "  Twine upload failed (dpl, the deploy tool, line " in output
    assert "\x1b" not in output


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_is_explained(arguments, piped, capsys):
    piped(REFUSED)
    assert main(["explain", *arguments, "--lang", "es"]) == 0
    output = capsys.readouterr().out
    assert "(PyPI, línea 2)" in output
    assert "Causa: " in output


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_ctrl_d_ends_what_is_pasted_into_a_terminal(language, tmp_path):
    pexpect = pytest.importorskip("pexpect", reason="not run: there is no terminal to type into")
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "pypi_practice", "explain", "--lang", language],
        env={**os.environ, "PYPI_PRACTICE_DATA": str(tmp_path / "data")},
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect_exact("Ctrl-D")
    for line in REFUSED.splitlines():
        terminal.sendline(line)
    terminal.send("\x04")
    terminal.expect_exact(Translator(language, "commands/explain")("cause"))
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_everything_in_full_with_all(piped, capsys):
    piped(f"{REFUSED}\nTwine upload failed.\nfailed to deploy")
    assert main(["explain", "--all"]) == 0
    assert capsys.readouterr().out.count("  Cause: ") == 4


def test_json_has_the_keys_that_the_help_names(piped, capsys):
    piped(f"{REFUSED}\n{TOKEN}\n")
    assert main(["explain", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert tuple(answer) == explain.KEYS
    assert answer["secrets"] is True
    assert [tuple(match) for match in answer["found"]] == [explain.FOUND_KEYS] * 2
    best = answer["found"][0]
    assert (best["id"], best["by"], best["lines"]) == ("no-identity", "pypi", [2, 2])
    assert best["page"] == "reference/messages/#no-identity"
    piped("nothing of note")
    assert main(["explain", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["found"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_text_gets_a_sentence_about_what_to_do(language, piped, capsys):
    piped("error: something that nobody has seen")
    assert main(["explain", "--lang", language]) == 1
    assert "--verbose" in capsys.readouterr().out


def test_the_help_says_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["explain", "--help", "--lang", "es"])
    assert stopped.value.code == 0
    output = " ".join(capsys.readouterr().out.split())
    assert Translator("es", "commands/explain")("epilog") in output


# Bad input


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"", "empty"),
        (b" \n\r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0", "binary"),
        (bytes(range(128, 256)) * 3, "binary"),
    ],
)
def test_what_is_no_log_gets_a_sentence(raw, key, language, tmp_path, capsys):
    file = tmp_path / "x.log"
    file.write_bytes(raw)
    assert main(["explain", str(file), "--lang", language]) == 2
    error_output = capsys.readouterr().err
    assert Translator(language, "commands/explain")(key, name=file) in error_output


def test_a_missing_file_or_a_folder_gets_a_sentence(tmp_path, capsys):
    for name in (str(tmp_path / "none.log"), str(tmp_path), "a\0b"):
        assert main(["explain", name]) == 2
        assert "pipe the text in" in capsys.readouterr().err
    assert main(["explain", "x.log", "--last"]) == 2
    assert "not both" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("language", "missing", "folder"),
    [
        ("en", "No such file or directory", "Is a directory"),
        ("es", "no existe ese archivo o carpeta", "es una carpeta"),
    ],
)
def test_the_reason_is_in_the_users_language(language, missing, folder, tmp_path, capsys):
    for path, reason in ((tmp_path / "none.log", missing), (tmp_path, folder)):
        assert main(["explain", str(path), "--lang", language]) == 2
        message = Translator(language, "commands/explain")("no_file", name=path, reason=reason)
        assert message in capsys.readouterr().err


def test_a_log_of_windows_is_read(tmp_path, capsys):
    file = tmp_path / "x.log"
    for coding in ("utf-16", "utf-8-sig", "utf-16-be"):
        mark = b"\xfe\xff" if coding == "utf-16-be" else b""
        file.write_bytes(mark + REFUSED.encode(coding))
        assert main(["explain", str(file)]) == 0
        assert "(PyPI, line 2)" in capsys.readouterr().out


def test_of_a_huge_log_the_end_is_looked_at(tmp_path, piped, capsys):
    text = "No module named build\n" + "x" * 5_000_000 + f"\n{REFUSED}"
    file = tmp_path / "x.log"
    file.write_text(text, encoding="utf-8")
    piped(text)
    for arguments in ([str(file)], []):
        assert main(["explain", *arguments]) == 0
        captured = capsys.readouterr()
        assert "No module named build" not in captured.out
        assert "only its last 4 MB" in captured.err


# Secrets


SECRETS = [
    TOKEN,
    f"{TOKEN[:60]}\n         {TOKEN[60:]}",
    "Authorization: Basic " + "dXNlcjpwYXNzd29yZA" * 3,
    "https://user:hunter2hunter2@example.org/legacy/",
    "$ export TWINE_PASSWORD=hunter2hunter2",
    "ghp_" + "a1B2" * 9,
]


@pytest.mark.parametrize(
    "secret", SECRETS, ids=["token", "broken", "header", "url", "env", "other"]
)
def test_a_secret_is_never_shown(secret, piped, capsys):
    line = f"InvalidConfiguration: Malformed configuration in {secret}"
    for arguments in ([], ["--json"], ["--all"]):
        piped(f"{line}\n{REFUSED}")
        assert main(["explain", *arguments]) == 0
        captured = capsys.readouterr()
        for part in re.split(r"\s+", secret.removeprefix("$ export TWINE_PASSWORD=")):
            if len(part) > 12 and ":" not in part:
                assert part not in captured.out + captured.err
        assert "hunter2" not in captured.out + captured.err
        assert "[token]" in captured.out
        assert "--json" in arguments or "looks like a token" in captured.err


def test_what_is_no_secret_is_left_alone():
    for text in (
        "pypi-AgE",
        "pypi-practice explain --last",
        "$ export TWINE_PASSWORD=[secure]",
        "https://test.pypi.org/legacy/",
        "pypi-server-with-a-name",
    ):
        assert patterns.redact(text) == text


def test_a_token_as_an_argument_is_refused_and_not_repeated(capsys):
    assert main(["explain", TOKEN]) == 2
    assert TOKEN not in capsys.readouterr().err


# The last thing that went wrong


def test_without_anything_wrong_last_says_so(capsys):
    assert main(["explain", "--last"]) == 2
    assert "Nothing has gone wrong" in capsys.readouterr().err


def test_what_is_kept_is_redacted_and_for_nobody_else(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    last_failure.write(tmp_path / "data", [f"password {TOKEN}", REFUSED])
    file = tmp_path / "data" / last_failure.NAME
    assert TOKEN not in file.read_text(encoding="utf-8")
    assert os.name == "nt" or file.stat().st_mode & 0o077 == 0
    assert main(["explain", "--last"]) == 0
    assert "Invalid or non-existent" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    last_failure.write(tmp_path / "none", [REFUSED])
    assert last_failure.read(tmp_path / "none") is None


def test_a_record_that_cannot_be_read_is_not_called_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYPI_PRACTICE_DATA", str(tmp_path))
    assert main(["explain", "--last", "--lang", "en"]) == 2
    assert "Nothing has gone wrong" in capsys.readouterr().err
    for content in (b"\xff", None):
        file = tmp_path / last_failure.NAME
        if content is None:
            file.unlink()
            file.mkdir()
        else:
            file.write_bytes(content)
        assert main(["explain", "--last", "--lang", "en"]) == 2
        assert "cannot be read" in capsys.readouterr().err
        assert last_failure.read_or_none(tmp_path) is None


ANNOUNCED = Translator("en", "commands/explain")("announce")


@pytest.mark.long
def test_the_rehearsal_announces_what_the_catalogue_knows(tmp_path, capsys):
    folder = project(tmp_path / "demo", "install: skip\n")
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pypi_practice",
            "shell",
            "--",
            "pypi-practice",
            "travis",
            "run",
            ".",
        ],
        cwd=folder,
        env={**os.environ, "PYPI_PRACTICE_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout.count(ANNOUNCED) == 1
    assert f"==> {ANNOUNCED}\n" in result.stdout
    assert main(["explain", "--last"]) == 0
    assert "Please override the script" in capsys.readouterr().out


def upload(tmp_path: Path, password: str, *options: str) -> str:
    """Send an upload without a file in a practice shell; return what the shell says at its end."""
    code = (
        "import base64, os, ssl, urllib.request as r;"
        f"key = base64.b64encode(b'__token__:{password}').decode();"
        "q = r.Request('https://test.pypi.org/legacy/', b'x=1', {'Authorization': 'Basic ' + key});"
        "print(r.urlopen(q).status)"
    )
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pypi_practice",
            "shell",
            *options,
            "--",
            sys.executable,
            "-c",
            f"try:\n exec({code!r})\nexcept OSError as e: print(e)",
        ],
        env={**os.environ, "PYPI_PRACTICE_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "HTTP Error 4" in result.stdout, result.stdout + result.stderr
    return result.stderr


@pytest.mark.long
def test_the_shell_announces_a_refusal_that_the_catalogue_knows(tmp_path, capsys):
    title = "Invalid or non-existent authentication information"
    message = Translator("en", "commands/explain")("announce_refusal", title=title, option="")
    assert upload(tmp_path, "pypi-nothing").count(message) == 1
    assert main(["explain", "--last"]) == 0
    assert "Invalid or non-existent" in capsys.readouterr().out


@pytest.mark.long
def test_the_hint_of_the_shell_finds_the_refusal(tmp_path, capsys):
    other = tmp_path / "other data"
    hint = f"pypi-practice explain --last --data '{other}'"
    assert hint in upload(tmp_path, "pypi-nothing", "--data", str(other))
    assert main(shlex.split(hint)[1:]) == 0
    assert "Invalid or non-existent" in capsys.readouterr().out
    assert "explain --last" not in upload(tmp_path, "pypi-nothing", "--fresh")


def test_only_a_new_refusal_is_announced(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    text = f"{last_failure.REFUSED}403 Invalid or non-existent authentication information."
    last_failure.write(folder, [text])
    assert last_failure.refused_since(folder, None)
    assert not last_failure.refused_since(folder, last_failure.read(folder))
    last_failure.write(folder, ["==> a rehearsal", text])
    assert not last_failure.refused_since(folder, None)
    last_failure.write(folder, [f"{last_failure.REFUSED}507 nothing that is known"])
    assert not last_failure.refused_since(folder, None)


# The data


def test_ids_titles_and_anchors_are_used_once():
    anchors = [anchor for entry in catalogue() for anchor in (entry.id, *entry.also_known_as)]
    assert len(anchors) == len(set(anchors))
    assert all(re.fullmatch("[a-z][a-z0-9-]*", anchor) for anchor in anchors)
    titles = [entry.title(language) for entry in catalogue() for language in LANGUAGES]
    assert len(set(titles)) == len(catalogue()) + sum(
        entry.sentence is not None for entry in catalogue()
    )


def test_only_what_is_no_error_cannot_be_found():
    assert [entry.id for entry in catalogue() if not entry.find] == ["same"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_says_cause_and_fix(language):
    matching_data, seen = load("messages/matching"), set()
    for entry in catalogue():
        assert entry.level in matching_data["levels"]
        assert entry.seen in matching_data["places"]
        for text in (entry.cause[language], entry.fix[language]):
            assert text
        seen.add((entry.cause[language], entry.fix[language]))
    assert len(seen) > len(catalogue()) * 0.9


def test_the_rules_are_read_alike_by_python_and_the_browser():
    """Nothing in them means another thing in JavaScript."""
    expressions = [rule for rule, _ in [*load("messages/matching")["clean"], *patterns.SECRETS]]
    for text in expressions:
        assert not re.search(r"\\[swdbSWDBAZ]|\(\?(?![:=!])|(?<!\\)\$$|\{,|\*\+|\+\+", text), text


def test_every_reason_of_a_skipped_deploy_is_in_the_catalogue():
    on = {"repo": "o/r", "branch": "b", "python": "3.9", "condition": "$A = b"}
    for more in ({}, {"tags": True}):
        config = loader.parse(
            yaml.safe_dump({"script": "a", "deploy": {"provider": "x", "on": on | more}}),
            ".travis.yml",
            Translator("en", "travis/messages"),
        )[0]
        (deploy,) = (
            planner.make(config, Event("m"), [], 1, Translator("en", "travis/messages"))
            .stages[0]
            .jobs[0]
            .deploys
        )
        reasons = deploy.reasons("m")
        assert len(reasons) == 4
        for _, reason in reasons:
            text = f"Skipping a deployment with the x provider because {reason}"
            assert matcher.find(text)[0].entry.id.startswith("skip-")
