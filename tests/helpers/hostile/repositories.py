"""Makes hostile repositories and folders: each names programs, or holds what hangs a reader.

Each starts as a good project with two commits. A program that is started leaves a marker; see
``Maker.trap``.
"""

from __future__ import annotations

import os
import stat
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

TRAVIS = """version: ~> 1.0
os: linux
dist: noble
language: python
python: "3.12"
install: pip install .
script: python -m unittest
"""
PYPROJECT = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "tidy-shelf"
version = "0.1.0"
description = "Keeps a shelf tidy"
"""
HOOKS = (
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-push",
    "prepare-commit-msg",
    "pre-rebase",
    "pre-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
)
MAKERS: dict[str, Callable[[Maker], None]] = {}


def git(folder: Path, *arguments: str, **more: str) -> str:
    """Run git as a person with a name, before the folder becomes hostile."""
    options = (
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "protocol.file.allow=always",
    )
    return subprocess.run(
        ["git", *options, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | more,
    ).stdout.strip()


class Maker:
    """A good project at ``folder``; ``trap`` is a program that leaves ``marker``."""

    def __init__(self, base: Path) -> None:
        self.base, self.folder, self.marker = base, base / "project", base / "started"
        self.trap = base / "trap"
        self.trap.write_text(f'#!/bin/sh\necho "$0 $*" >> "{self.marker}"\ncat\n')
        self.trap.chmod(0o755)
        self.environ: dict[str, str] = {}
        self.folder.mkdir()
        self.write(".travis.yml", TRAVIS)
        self.write("pyproject.toml", PYPROJECT)
        self.write("src/tidy_shelf/__init__.py", "")
        git(self.folder, "init", "--quiet", "--initial-branch", "main")
        self.commit()
        self.write("README.md", "# Tidy\n")
        self.commit()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        git(self.folder, "add", ".")
        git(self.folder, "commit", "--quiet", "--message", "Go on")

    def config(self, text: str, path: str = ".git/config") -> None:
        """Add settings; TRAP is the program."""
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(textwrap.dedent(text).replace("TRAP", str(self.trap)))

    def touch(self) -> None:
        """Make git read the files again: their times are not those of the index."""
        for path in self.folder.rglob("*"):
            if path.is_file() and ".git" not in path.parts:
                os.utime(path, (1_000_000_000, 1_000_000_000))

    def pipe(self, name: str) -> None:
        """Put a pipe, for which a reader would wait without end, in the place of a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    def link(self, name: str, target: str) -> None:
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def object(self, revision: str) -> Path:
        identifier = git(self.folder, "rev-parse", revision)
        return self.folder / ".git" / "objects" / identifier[:2] / identifier[2:]

    def damage(self, revision: str) -> None:
        path = self.object(revision)
        path.chmod(stat.S_IWUSR | stat.S_IRUSR)
        path.write_bytes(b"no object")


def hostile(make: Callable[[Maker], None]) -> Callable[[Maker], None]:
    MAKERS[make.__name__] = make
    return make


def settings(name: str, text: str, attributes: str = "") -> None:
    """A repository whose own configuration names a program."""

    def make(maker: Maker) -> None:
        if attributes:
            maker.write(".gitattributes", attributes)
            maker.commit()
        maker.config(text)
        maker.touch()

    MAKERS[name] = make


settings("fsmonitor", "[core]\nfsmonitor = TRAP\n")
settings(
    "filters",
    """\
    [filter "x"]
    clean = TRAP
    smudge = TRAP
    required = true
    """,
    "* filter=x\n",
)
settings("process_filter", '[filter "x"]\nprocess = TRAP\nrequired = true\n', "* filter=x\n")
settings(
    "diff_drivers",
    """\
    [diff]
    external = TRAP
    [diff "x"]
    textconv = TRAP
    command = TRAP
    cachetextconv = true
    """,
    "* diff=x\n",
)
settings(
    "merge_driver_and_editor",
    """\
    [merge "x"]
    driver = TRAP
    [core]
    editor = TRAP
    [sequence]
    editor = TRAP
    """,
    "* merge=x\n",
)
settings(
    "pager",
    """\
    [core]
    pager = TRAP
    [pager]
    log = TRAP
    show = TRAP
    status = TRAP
    config = TRAP
    [interactive]
    diffFilter = TRAP
    """,
)
settings(
    "aliases",
    """\
    [alias]
    status = !TRAP
    cat-file = !TRAP
    rev-parse = !TRAP
    config = !TRAP
    log = !TRAP
    """,
)
settings(
    "archive", '[tar "tar.gz"]\ncommand = TRAP\n[archive]\nremote = true\n', "* export-subst\n"
)
settings(
    "upload_hooks",
    """\
    [uploadpack]
    packObjectsHook = TRAP
    [core]
    alternateRefsCommand = TRAP
    gitProxy = TRAP
    [receive]
    procReceiveRefs = refs
    """,
)
settings(
    "credentials",
    """\
    [core]
    sshCommand = TRAP
    askPass = TRAP
    [credential]
    helper = !TRAP
    [remote "origin"]
    url = ssh://localhost.invalid/x
    promisor = true
    partialclonefilter = blob:none
    [extensions]
    partialClone = origin
    """,
)
settings("unknown_format", "[core]\nrepositoryformatversion = 99\n[extensions]\nunheard = of\n")
settings("work_tree_elsewhere", "[core]\nworktree = /\n")
settings("no_configuration", "[core\n")
settings("includes_itself", "[include]\npath = config\n[core]\nfsmonitor = TRAP\n")


@hostile
def hooks(maker: Maker) -> None:
    for name in HOOKS:
        hook = maker.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(maker.trap.read_bytes())
        hook.chmod(0o755)
    maker.touch()


@hostile
def hooks_elsewhere(maker: Maker) -> None:
    folder = maker.folder / "hooks"
    folder.mkdir()
    for name in HOOKS:
        (folder / name).write_bytes(maker.trap.read_bytes())
        (folder / name).chmod(0o755)
    maker.commit()
    maker.config("[core]\nhooksPath = hooks\n")
    maker.touch()


@hostile
def signatures(maker: Maker) -> None:
    tree = git(maker.folder, "rev-parse", "HEAD^{tree}")
    person = "A <a@example.com> 1700000000 +0000"
    text = (
        f"tree {tree}\nauthor {person}\ncommitter {person}\ngpgsig -----BEGIN PGP SIGNATURE-----\n"
        " \n x\n -----END PGP SIGNATURE-----\n\nSigned\n"
    )
    (maker.base / "commit").write_text(text)
    commit = git(maker.folder, "hash-object", "-t", "commit", "-w", str(maker.base / "commit"))
    git(maker.folder, "update-ref", "refs/heads/main", commit)
    maker.config("""\
        [log]
        showSignature = true
        [gpg]
        program = TRAP
        [gpg "ssh"]
        program = TRAP
        defaultKeyCommand = TRAP
        [gpg "x509"]
        program = TRAP
        """)


@hostile
def included(maker: Maker) -> None:
    (maker.base / "more").write_text(f"[core]\nfsmonitor = {maker.trap}\n")
    maker.config(f"""\
        [include]
        path = {maker.base / "more"}
        [includeIf "gitdir:/"]
        path = {maker.base / "more"}
        [includeIf "onbranch:main"]
        path = {maker.base / "more"}
        """)


@hostile
def configuration_of_the_work_tree(maker: Maker) -> None:
    maker.config("[core]\nrepositoryformatversion = 1\n[extensions]\nworktreeConfig = true\n")
    maker.config("[core]\nfsmonitor = TRAP\n", ".git/config.worktree")


@hostile
def fetches_by_a_program(maker: Maker) -> None:
    maker.object("HEAD:README.md").unlink()
    maker.config("""\
        [core]
        repositoryformatversion = 1
        [extensions]
        partialClone = origin
        [protocol "ext"]
        allow = always
        [remote "origin"]
        url = ext::TRAP
        promisor = true
        """)


@hostile
def a_submodule_with_a_monitor(maker: Maker) -> None:
    below = maker.base / "below"
    below.mkdir()
    git(below, "init", "--quiet")
    (below / "a").touch()
    git(below, "add", ".")
    git(below, "commit", "--quiet", "--message", "Start")
    git(maker.folder, "submodule", "--quiet", "add", str(below), "sub")
    maker.commit()
    maker.config('[core]\nfsmonitor = TRAP\n[submodule "sub"]\nupdate = !TRAP\n')
    maker.config("[core]\nfsmonitor = TRAP\n", ".git/modules/sub/config")
    (maker.folder / "sub" / "a").write_text("changed")


@hostile
def a_repository_in_the_folder(maker: Maker) -> None:
    git(maker.folder, "init", "--quiet", "inner")
    maker.config("[core]\nfsmonitor = TRAP\n", "inner/.git/config")
    maker.write("inner/a", "a")


@hostile
def objects_elsewhere(maker: Maker) -> None:
    other = maker.base / "other"
    git(maker.base, "clone", "--quiet", "--bare", str(maker.folder), str(other))
    with (other / "config").open("a") as file:
        file.write(f"[core]\nfsmonitor = {maker.trap}\n")
    (maker.folder / ".git" / "objects" / "info" / "alternates").write_text(f"{other}/objects\n")
    maker.object("HEAD:README.md").unlink()


@hostile
def a_git_file(maker: Maker) -> None:
    (maker.folder / ".git").rename(maker.base / "elsewhere")
    (maker.folder / ".git").write_text("gitdir: ../elsewhere\n")
    with (maker.base / "elsewhere" / "config").open("a") as file:
        file.write(f"[core]\nfsmonitor = {maker.trap}\n")


@hostile
def a_git_file_to_itself(maker: Maker) -> None:
    (maker.folder / ".git").rename(maker.base / "elsewhere")
    (maker.folder / ".git").write_text("gitdir: .git\n")


@hostile
def a_loop_of_links(maker: Maker) -> None:
    (maker.folder / ".git").rename(maker.base / "elsewhere")
    maker.link(".git", ".git")


@hostile
def a_git_pipe(maker: Maker) -> None:
    (maker.folder / ".git").rename(maker.base / "elsewhere")
    maker.pipe(".git")


GIT_FILES = (
    "HEAD",
    "config",
    "index",
    "packed-refs",
    "refs/heads/main",
    "commondir",
    "shallow",
    "info/exclude",
    "logs/HEAD",
    "objects/info/alternates",
    "objects/pack/x.idx",
)
for _name in GIT_FILES:

    def _pipe(maker: Maker, name: str = f".git/{_name}") -> None:
        maker.pipe(name)

    MAKERS[f"a_pipe_{_name}"] = _pipe

for _name in (
    "pyproject.toml",
    ".travis.yml",
    ".gitattributes",
    ".gitignore",
    "src/.gitattributes",
    "setup.py",
    "LICENSE",
):

    def _pipe_in_work_tree(maker: Maker, name: str = _name) -> None:
        maker.pipe(name)
        maker.touch() if name != "src/.gitattributes" else None

    MAKERS[f"a_pipe_{_name}"] = _pipe_in_work_tree

for _name in ("HEAD", "config", "index", "packed-refs"):

    def _endless(maker: Maker, name: str = f".git/{_name}") -> None:
        maker.link(name, "/dev/zero")

    MAKERS[f"endless_{_name}"] = _endless


@hostile
def a_pipe_as_an_object(maker: Maker) -> None:
    path = maker.object("HEAD")
    path.unlink()
    os.mkfifo(path)


@hostile
def a_pipe_in_a_submodule(maker: Maker) -> None:
    a_submodule_with_a_monitor(maker)
    maker.pipe(".git/modules/sub/HEAD")
    (maker.folder / "sub" / ".git").unlink()
    (maker.folder / ".git" / "modules" / "sub").rename(maker.folder / "sub" / ".git")


@hostile
def a_damaged_commit(maker: Maker) -> None:
    maker.damage("HEAD")


@hostile
def a_damaged_file(maker: Maker) -> None:
    maker.damage("HEAD:.travis.yml")


@hostile
def a_damaged_folder(maker: Maker) -> None:
    maker.damage("HEAD^{tree}")


@hostile
def a_damaged_first_commit(maker: Maker) -> None:
    maker.damage("HEAD~1")


@hostile
def a_missing_file(maker: Maker) -> None:
    maker.object("HEAD:README.md").unlink()


@hostile
def a_damaged_index(maker: Maker) -> None:
    (maker.folder / ".git" / "index").write_bytes(b"DIRC" + b"\xff" * 100)


@hostile
def a_commit_graph_of_nonsense(maker: Maker) -> None:
    folder = maker.folder / ".git" / "objects" / "info"
    (folder / "commit-graph").write_bytes(b"CGPH" + b"\1" * 200)


@hostile
def no_commit(maker: Maker) -> None:
    git(maker.folder, "checkout", "--quiet", "--orphan", "new")


@hostile
def files_with_holes(maker: Maker) -> None:
    for name in ("README.md", "untracked.bin", "pyproject.toml", ".travis.yml"):
        with (maker.folder / name).open("wb") as file:
            file.truncate(64 * 1024**3)


@hostile
def a_large_file_for_travis(maker: Maker) -> None:
    maker.write(".travis.yml", "#" * 30_000_000)
    maker.commit()


@hostile
def names_that_steer_the_terminal(maker: Maker) -> None:
    for name in ("\x1b[31mred\x1b]0;title\x07.py", "a\nb.py", "\u202egnp.py", "\x9b31m.py"):
        maker.write(f"tests/{name}", "")
    maker.commit()
    for name in ("\x1b[2J", "c\nd", "\u2066x"):
        maker.write(name, "random_names")
    os.close(os.open(os.fsencode(maker.folder) + b"/\xff\x1b", os.O_CREAT))
    for name in ("\u202etac", "\x9b31m"):
        git(maker.folder, "branch", name)
        git(maker.folder, "tag", f"v{name}")


@hostile
def values_that_steer_the_terminal(maker: Maker) -> None:
    text = PYPROJECT.replace("tidy-shelf", r"a\u001b[31m\u009b\u202e")
    text = text.replace("0.1.0", r"1\u001b]0;x\u0007").replace("setuptools.build_meta", r"b\u001b")
    maker.write("pyproject.toml", text)
    maker.commit()
    git(maker.folder, "remote", "add", "origin", "https://x/\x1b[31m/\x9bname")


@hostile
def a_folder_that_steers_the_terminal(maker: Maker) -> None:
    moved = maker.base / "\x1b[31m\u202e\nproject"
    maker.folder.rename(moved)
    maker.folder = moved


@hostile
def deep_toml(maker: Maker) -> None:
    maker.write("pyproject.toml", f"{PYPROJECT}x = {'[' * 900}{']' * 900}\n")
    maker.commit()


@hostile
def long_key_in_toml(maker: Maker) -> None:
    maker.write("pyproject.toml", f"{PYPROJECT}{'a.' * 100_000}a = 1\n")
    maker.commit()


@hostile
def large_number_in_toml(maker: Maker) -> None:
    maker.write("pyproject.toml", f"{PYPROJECT}x = {'9' * 5000}\n")
    maker.commit()


@hostile
def long_version(maker: Maker) -> None:
    maker.write("pyproject.toml", PYPROJECT.replace("0.1.0", "9" * 5000))
    maker.commit()
    with (maker.folder / ".git" / "packed-refs").open("a") as file:
        file.write(f"{git(maker.folder, 'rev-parse', 'HEAD')} refs/tags/v{'9' * 5000}\n")


@hostile
def no_toml(maker: Maker) -> None:
    (maker.folder / "pyproject.toml").write_bytes(b"\xff\xfe\0" * 100)


@hostile
def a_name_of_300_letters_in_the_index(maker: Maker) -> None:
    blob = git(maker.folder, "rev-parse", "HEAD:README.md")
    git(maker.folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{'n' * 300}")


@hostile
def links_in_a_loop(maker: Maker) -> None:
    maker.link("src/up", "..")
    maker.link("src/self", "self")
    maker.link("dev", "/dev")
    maker.commit()


@hostile
def replacements_and_grafts(maker: Maker) -> None:
    first = git(maker.folder, "rev-parse", "HEAD~1")
    git(maker.folder, "replace", "HEAD", "HEAD~1")
    (maker.folder / ".git" / "info").mkdir(exist_ok=True)
    (maker.folder / ".git" / "info" / "grafts").write_text(f"{first} {first}\n")


@hostile
def variables(maker: Maker) -> None:
    program = str(maker.trap)
    maker.environ = {
        "GIT_DIR": "/nowhere",
        "GIT_WORK_TREE": "/",
        "GIT_INDEX_FILE": "/nowhere",
        "GIT_EXTERNAL_DIFF": program,
        "GIT_SSH_COMMAND": program,
        "GIT_ASKPASS": program,
        "GIT_PAGER": program,
        "GIT_EDITOR": program,
        "GIT_PROXY_COMMAND": program,
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": program,
        "GIT_CONFIG_KEY_1": "alias.status",
        "GIT_CONFIG_VALUE_1": f"!{program}",
        "GIT_TRACE": str(maker.base / "trace"),
        "GIT_EXEC_PATH": str(maker.base),
        "GIT_TEMPLATE_DIR": str(maker.base),
    }


@hostile
def a_git_of_its_own(maker: Maker) -> None:
    for name in ("git", "git.exe", "bash", "python"):
        (maker.folder / name).write_bytes(maker.trap.read_bytes())
        (maker.folder / name).chmod(0o755)
    maker.environ = {"PATH": f".{os.pathsep}{os.pathsep}{os.environ['PATH']}"}
