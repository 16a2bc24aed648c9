"""Ways out of the practice shell, tried in a lab: what arrives behind each kind of wall.

See docs/data/tables/ways_out.yml for what is tried, and where it is known to work.
"""

from __future__ import annotations

import functools
import shlex
import shutil

import pytest
from helpers.lab.laboratory import PROGRAM, Arrived, Command, Lab
from helpers.lab.results import MakeLab, check, check_kind, got_out, lab_maker, offered_walls
from helpers.lab.ways_out import ATTEMPT, Way, filled, is_alone, ways, ways_tried

KINDS = ("namespace", "landlock", "none")
SHELLS = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}
READY = "ready-to-type"
WAYS = ways_tried("shell")
GUARD = 60  # seconds after which an attempt counts as one that does not end

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> MakeLab:
    """A function that makes a lab."""
    return lab_maker(tmp_path_factory)


@pytest.fixture(scope="module")
def offered(make: MakeLab) -> dict[str, str]:
    """What this computer offers."""
    return offered_walls(make)


def opened(kind: str, way: Way | None = None) -> list[str]:
    """Return the command that opens a practice shell."""
    return [*PROGRAM, "shell", "--wall", kind, *(way.options if way else ())]


def one_by_one(lab: Lab, ways: list[Way]) -> str:
    """Return a script that tries *ways*, each in a folder of its own."""
    lines = ['cd "$LAB_PROJECT"']
    for way in ways:
        command = shlex.quote(filled(way.run, way, str(lab.home)))
        lines += [
            f"echo; echo '== {way.name}'",
            f"mkdir {way.name}; cp -r dist {way.name}",
            f"(cd {way.name}; LAB_WAY={way.name} timeout -k 1 {GUARD} bash -c {command} 2>&1"
            " || echo exit $?)",
        ]
    return "\n".join([*lines, ""])


@functools.cache
def batch(kind: str, make: MakeLab) -> Arrived:
    """Try all ways that need nothing of their own in one practice shell; "" is without one."""
    lab = make()
    ways = [way for way in WAYS if not is_alone(way) and way.missing() is None]
    script = lab.write("try.sh", one_by_one(lab, ways))
    environ = lab.environ(LAB_PROJECT=str(lab.project))
    before = [*opened(kind), "--"] if kind else []
    arrived = lab.run(Command([*before, "bash", str(script)], environ, timeout=1800))
    print(*arrived.outputs, sep="\n")
    return arrived


def alone(kind: str, way: Way, lab: Lab) -> Arrived:
    """Try one way in a practice shell of its own; without one if *kind* is empty."""
    home = str(lab.home)
    for name, text in way.files.items():
        lab.write(name, filled(text, way, home))
    run = filled(way.run, way, home)
    environ = lab.environ(LAB_WAY=way.name, **filled(way.env, way, home))
    if way.typed:
        program = shutil.which(way.typed)
        assert program
        environ["SHELL"] = program
        for name in (SHELLS[way.typed], *(set(SHELLS.values()) & set(way.files))):
            path = lab.home / name[2:]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"echo {READY}\n")
        command = Command(
            opened(kind, way) if kind else [program, "-i"],
            environ,
            typed=[(READY, f"{run}\nexit\n")],
        )
    elif way.outer:
        lab.write("~/.bashrc", f"echo {READY}\n")
        inner = shlex.join([*opened(kind, way), "--", "bash", "-c", run]) if kind else run
        command = Command(
            ["bash", "-i"],
            environ,
            typed=[(READY, f"{inner}; echo en''ded\n"), ("ended", "\nexit\n")],
        )
    else:
        before = [*opened(kind, way), "--"] if kind else []
        command = Command([*before, "bash", "-c", run], environ, connection=way.connection)
    later = [Command(shlex.split(way.later), environ)] if way.later else []
    arrived = lab.run(command, *later)
    print(*arrived.outputs, sep="\n")
    return arrived


def try_way(kind: str, way: Way, make: MakeLab) -> list[str]:
    """Try a way behind a *kind* of wall, without a practice shell if it is empty."""
    missing = way.missing()
    if missing:
        pytest.skip(f"not run: {missing}")
    if is_alone(way):
        return got_out(way, alone(kind, way, make()), everything=True)
    return got_out(way, batch(kind, make), everything=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_arrives(way: Way, kind: str, make: MakeLab, offered: dict[str, str]) -> None:
    check_kind(kind, offered)
    check(way, "shell", kind, try_way(kind, way, make))


# Closed behind every wall: each must be a way out where there is no practice shell at all.
ALWAYS_CLOSED = [way for way in WAYS if not way.open["shell"] and not way.inside]


@pytest.mark.parametrize("way", ALWAYS_CLOSED, ids=lambda way: way.name)
def test_without_a_practice_shell_it_arrives(way: Way, make: MakeLab) -> None:
    assert try_way("", way, make)


def test_what_is_tried_through_the_proxy_arrives_where_the_host_is_allowed(make: MakeLab) -> None:
    lab = make()
    attempt = f"{ATTEMPT} connect packages.other.test:443 packages.other.test"
    command = [*opened("none"), "--allow-host", "packages.other.test:443", "--"]
    environ = lab.environ(LAB_WAY="allowed")
    arrived = lab.run(Command([*command, "bash", "-c", attempt], environ))
    assert arrived.of("allowed"), arrived.outputs


def test_there_are_enough_ways() -> None:
    assert len(ways()) > 100
