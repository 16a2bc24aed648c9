"""The process of a rehearsed job ends whole, within Travis CI's limits, and obeys no terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from helpers.processes import interrupt, running
from helpers.travis.rehearsals import project
from helpers.travis.terminal import Terminal

from pypi_practice.travis.run.job.process import LIMITS, Limits, Process, stream
from pypi_practice.travis.run.log import COLOUR, DEPTH, MARK, Log, Marks, clean, fold

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the supervisor is for POSIX")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a subreaper is Linux's")


def run(code: str, folder: Path, limits: Limits = LIMITS) -> tuple[int, list[str]]:
    """Run bash code as a job; return its exit code and the lines of its log."""
    lines: list[str] = []
    command = ["bash", "-c", code]
    return stream(command, folder, dict(os.environ), lines.append, [], limits=limits), lines


# Its end

LEFT_BEHIND = {
    "background": "sleep 600 &",
    "session": "setsid sleep 600 &",
    "twice forked": "(setsid bash -c '(sleep 600 &); sleep 600' &)",
    "no hangup": "nohup sleep 600 & disown",
    "ignores signals": "(trap '' TERM HUP INT; setsid bash -c 'while :; do sleep 1; done' &)",
    "own output": "setsid sleep 600 > /dev/null 2>&1 &",
    "a daemon": "python3 -c 'import os\nif os.fork(): os._exit(0)\nos.setsid()\n"
    'if os.fork(): os._exit(0)\nos.execlp("sleep", "sleep", "600")\'',
}


@LINUX
@pytest.mark.parametrize("code", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_a_job_leaves_behind_ends_with_it(code, tmp_path, monkeypatch):
    mark = f"JOB_OF_THE_TEST={uuid.uuid4()}"
    monkeypatch.setenv(*mark.split("="))
    start = time.monotonic()
    code, lines = run(f"{code}\necho done; exit 7", tmp_path)
    assert (code, lines) == (7, ["done"])
    assert time.monotonic() - start < 500  # and not the 600 seconds of what was left
    monkeypatch.delenv("JOB_OF_THE_TEST")
    assert running(mark) == []


def test_the_log_ends_with_the_job_even_if_it_kills_its_supervisor(tmp_path):
    start = time.monotonic()
    code, _ = run("setsid sleep 300 & kill -9 $PPID; sleep 300", tmp_path)
    assert code != 0
    assert time.monotonic() - start < 250  # and not the 300 seconds of what was left


@pytest.mark.parametrize(
    ("code", "expected"), [("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_the_exit_code_is_the_jobs_own(code, expected, tmp_path):
    assert run(code, tmp_path)[0] == expected


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_signals_to_its_group_and_its_parent_do_not_end_it(name, tmp_path):
    code, lines = run(f"trap : {name}; kill -{name} $PPID; kill -{name} 0; echo on", tmp_path)
    assert (code, lines) == (0, ["on"])


def test_a_command_that_is_missing_gets_a_line(tmp_path):
    lines: list[str] = []
    code = stream([str(tmp_path / "no-such")], tmp_path, dict(os.environ), lines.append, [])
    assert code == 127
    assert lines == [f"{tmp_path}/no-such: No such file or directory"]


@LINUX
@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_job_that_is_stopped_is_gone(how, tmp_path, monkeypatch):
    mark = f"JOB_OF_THE_TEST={uuid.uuid4()}"
    monkeypatch.setenv(*mark.split("="))
    processes: set[Process] = set()
    lines: list[str] = []
    code = "(setsid sleep 600 &); echo begun; while :; do sleep 1; done"
    command = ["bash", "-c", code]
    thread = threading.Thread(
        target=lambda: stream(command, tmp_path, dict(os.environ), lines.append, [], processes)
    )
    thread.start()
    while "begun" not in lines:
        time.sleep(0.01)
    for process in list(processes):
        getattr(process, how)()
    thread.join(60)
    assert not thread.is_alive()
    monkeypatch.delenv("JOB_OF_THE_TEST")
    assert running(mark) == []


@LINUX
def test_a_job_ends_when_the_program_is_killed(tmp_path, monkeypatch):
    mark = f"JOB_OF_THE_TEST={uuid.uuid4()}"
    code = (
        "import os\nfrom pathlib import Path\n"
        "from pypi_practice.travis.run.job.process import stream\n"
        "stream(['bash', '-c', '(setsid sleep 600 &); echo begun; sleep 600'], Path.cwd(),"
        " dict(os.environ), lambda line: print(line, flush=True), [])"
    )
    name, value = mark.split("=")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, name: value}
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"begun\n"
        program.send_signal(signal.SIGKILL)
    until = time.monotonic() + 60
    while running(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert running(mark) == []


# Its limits


def test_the_limits_are_travis_cis():
    assert Limits(4_000_000, 600, 3000) == LIMITS


@pytest.mark.parametrize(
    "code", ["yes", "head -c 100000000 /dev/zero", "cat /dev/zero", "head -c 5000000 /dev/urandom"]
)
def test_a_log_that_is_too_long_ends_the_job_in_travis_cis_words(code, tmp_path):
    code, lines = run(f"{code}; sleep 600", tmp_path)
    assert code == 1
    assert lines[-4:] == [
        "",
        "The log length has exceeded the limit of 4 MB (this usually means that the test suite is"
        " raising the same exception over and over).",
        "",
        "The job has been terminated",
    ]
    assert sum(len(line) for line in lines) < 13_000_000


def test_a_log_of_just_the_limit_is_whole(tmp_path):
    code, lines = run("head -c 4000000 /dev/zero | tr '\\0' a", tmp_path)
    assert code == 0
    assert lines == ["a" * 4_000_000]


def test_a_job_that_says_nothing_is_ended_in_travis_cis_words(tmp_path):
    code, lines = run("echo begun; sleep 600", tmp_path, Limits(silence=0.5))
    assert code == 1
    assert lines[0] == "begun"
    assert lines[3].startswith("No output has been received in the last 0m0s, this potentially")
    assert "The build has been terminated" in lines
    assert "in the last 10m0s," in "\n".join(_words())


def _words() -> list[str]:
    from pypi_practice.travis.run.job import process

    return process._silent(LIMITS).split("\n")


def test_a_job_that_goes_on_for_ever_is_ended_in_travis_cis_words(tmp_path):
    code, lines = run("while :; do echo on; sleep 0.05; done", tmp_path, Limits(duration=0.5))
    assert code == 1
    assert "The job exceeded the maximum time limit for jobs, and has been terminated." in lines


def test_a_job_that_closes_its_output_is_waited_for(tmp_path):
    code, _ = run(f"exec > /dev/null 2>&1; sleep 0.3; touch {tmp_path}/end; exit 4", tmp_path)
    assert code == 4
    assert (tmp_path / "end").exists()


# What a terminal would obey

HOSTILE = {
    "clear": "\x1b[2J",
    "home": "\x1b[H",
    "up": "\x1b[1A",
    "title": "\x1b]0;x\x07",
    "title, ST": "\x1b]2;x\x1b\\",
    "clipboard": "\x1b]52;c;QUJD\x07",
    "link": "\x1b]8;;http://a\x07",
    "device control": "\x1bP+q544e\x1b\\",
    "message": "\x1b^x\x1b\\",
    "command": "\x1b_x\x1b\\",
    "reset": "\x1bc",
    "index": "\x1bM",
    "charset": "\x1b(0",
    "keypad": "\x1b=",
    "report": "\x1b[6n",
    "mouse": "\x1b[?1000h",
    "alternate": "\x1b[?1049h",
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d0;x\x9c",
    "NUL": "\0",
    "bell": "\a",
    "backspace": "\b",
    "form feed": "\f",
    "shift out": "\x0e",
    "bare": "\x1b",
    "unfinished": "\x1b[12",
    "unfinished OSC": "\x1b]0;never ended",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "line separator": "\u2028",
    "delete": "\x7f",
    "erase": "\x1b[K",
    "insert": "\x1b[4h",
    "colour with a space": "\x1b[31 m",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_sequence_reaches_the_terminal(text, tmp_path):
    cleaned = clean(f"a{text}b")
    assert cleaned[0] == "a"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", cleaned)
    _, (line,) = run(f"printf '%s\\n' {_bash(text)}", tmp_path)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", line)


def _bash(text: str) -> str:
    return "$'" + "".join(f"\\x{byte:02x}" for byte in text.encode() if byte) + "'"


def test_colours_and_travis_cis_marks_stay_and_a_colour_ends_with_its_line():
    line = fold("start", "install") + "\x1b[31mred"
    assert clean(line) == line
    seen = Terminal()
    log = Log(seen, {"TERM": "xterm"})
    log.job("1.1", clean("\x1b[8mhidden"))
    log.job("1.1", "shown")
    assert seen.getvalue() == "\x1b[8mhidden\x1b[0m\nshown\n"


def test_what_a_line_overwrites_is_not_written():
    seen = Terminal()
    log = Log(seen, {"TERM": "xterm"})
    log.job("1.1", clean("10%\r20%\r\x1b[K100%"))
    log.job("1.1", clean("only\r"))
    assert seen.getvalue() == "100%\nonly\n"


MARKS = {
    "no number": "travis_time:end:a:duration=many,event=script",
    "a long number": f"travis_time:end:a:duration={'9' * 5000},event=script",
    "no duration": "travis_time:end:a:event=script",
    "nothing": "travis_time:end:",
    "negative": "travis_time:end:a:duration=-5,event=script",
    "another phase": "travis_time:end:a:duration=5,event=published_to_pypi",
}


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
def test_a_mark_that_a_job_writes_itself_is_read_without_harm(mark):
    marks = Marks()
    marks.read(f"{mark}\r\x1b[0K")
    assert set(marks.times.values()) <= {0.0}
    assert "published_to_pypi" not in marks.times


def test_marks_cost_time_linear_in_their_number():
    marks = Marks()
    for number in range(100 * DEPTH):
        marks.read(fold("start", f"f{number}"))
    assert len(marks.folds) == DEPTH


@pytest.mark.parametrize(
    "text",
    ["travis_fold:start:", "\x1b[", "\x1b]", "\x1b[1", "\x1b ", "\r", "\x1bP" + "a" * 50, "a.-"],
)
def test_a_long_line_costs_time_linear_in_its_length(text):
    from pypi_practice.travis.run.job.executor import SKIPPED, WORD

    def cost(length: int) -> float:
        line = text * (length // len(text))
        start = time.process_time()
        clean(line)
        for pattern in (MARK, COLOUR, WORD, SKIPPED):
            pattern.findall(line)
        return time.process_time() - start

    small = min(cost(50_000) for _ in range(3))
    assert cost(200_000) < 12 * small + 0.2  # four times the text; sixteen if it were quadratic


# A whole rehearsal


HOSTILE_FILES = {
    "a name with NUL": "name: \"a\\0b\"\nscript: 'true'\n",
    "a name with sequences": "name: \"a\\e[2J\\rb\"\nscript: 'true'\n",
    "a stage with sequences": (
        "jobs: {include: [{stage: \"s\\e]0;t\\a\\u202e\", script: 'true'}]}\n"
    ),
    "a long name": f"name: {'a' * 200_000}\nscript: 'true'\n",
    "a command with NUL": 'script: "echo a\\0b"\n',
    "a command with sequences": "script: \"echo '\\e[2J'\"\n",
    "a variable with sequences": "env: \"A=\\e[2J\"\nscript: 'true'\n",
    "a fold with sequences": "script: \"printf 'travis_fold:start:\\e[2Jx\\r\\e[0K'\"\n",
    "a condition with sequences": 'jobs: {include: [{stage: a, if: "tag = \\"\\e[2J\\"",'
    " script: 'true'}]}\n",
}


@pytest.mark.long
@pytest.mark.parametrize("option", [(), ("--dry-run",)], ids=["run", "dry run"])
@pytest.mark.parametrize("text", HOSTILE_FILES.values(), ids=HOSTILE_FILES)
def test_a_hostile_file_writes_no_sequence_and_no_traceback(text, option, tmp_path, index):
    folder = project(tmp_path / "demo", f"language: python\ninstall: skip\n{text}")
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pypi_practice", "travis", "run", ".", *option],
        cwd=folder,
        env={**index.environ, "LANGUAGE": "en", "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=secondary,
        stderr=secondary,
    ) as process:
        os.close(secondary)
        parts = []
        with contextlib.suppress(OSError):
            while part := os.read(primary, 65536):
                parts.append(part)
    os.close(primary)
    output = b"".join(parts).decode("utf-8", "replace")
    assert process.returncode in (0, 1, 2)
    assert "Traceback" not in output
    assert "Stage" in output
    # The line that shows what goes on is ours: it is written anew with CR and ESC [0K.
    left = COLOUR.sub("", output.replace("\r\n", "\n").replace("\r\x1b[0K", ""))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", left), left


@pytest.mark.long
@LINUX
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_ctrl_c_ends_the_jobs_and_leaves_nothing(option, tmp_path, index):
    text = "language: python\ninstall: skip\nscript: (setsid sleep 600 &); echo begun; sleep 600\n"
    folder = project(tmp_path / "demo", text)
    command = [sys.executable, "-m", "pypi_practice", "travis", "run", ".", *option]
    environ = {**index.environ, "TERM": f"xterm-{uuid.uuid4()}"}  # a variable that jobs inherit

    def begun(written: str, processes: list[str]) -> bool:
        return any(
            command_line == "sleep 600 " for command_line in running(f"TERM={environ['TERM']}")
        )

    ended = interrupt(command, tmp_path, begun, cwd=folder, environ=environ)
    assert ended.code == 130
    assert running(f"TERM={environ['TERM']}") == []
    assert ended.files == []
    assert "Traceback" not in ended.err
    if option:
        assert ended.out == ""
