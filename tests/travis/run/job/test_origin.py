"""What a rehearsed job pushes goes to a copy that is thrown away; nothing of the user's changes."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from helpers.travis.rehearsals import git, project

from pypi_practice.core.i18n import Translator
from pypi_practice.git.safe_reader import Repository as Reader
from pypi_practice.travis.plan.plan_types import Event
from pypi_practice.travis.run import repository
from pypi_practice.travis.run.job import origin

pytestmark = pytest.mark.long

EN = Translator("en", "travis/messages")
HEAD = "language: python\ninstall: skip\nscript:\n"
NAME = "git config user.name Y && git config user.email y@example.com"
SLUG = "your-name/random-names"


def read(folder: Path, *arguments: str) -> str:
    """Return what git prints of a repository."""
    result = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return result.stdout.decode().strip()


def state(folder: Path) -> dict[str, str]:
    """Return a hash of every file of a repository, index and logs included, with its links."""
    return {
        str(file.relative_to(folder)): f"{hashlib.sha256(file.read_bytes()).hexdigest()}"
        f" {file.stat().st_nlink} {file.stat().st_mode:o}"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def file(*commands: str) -> str:
    """Return a .travis.yml with these commands as its script."""
    return HEAD + "".join(f"  - {command!r}\n" for command in commands)


PUSHES = {
    "a branch": ("git push origin HEAD:refs/heads/gh-pages", "gh-pages (new branch)"),
    "a commit": ("git commit -q --allow-empty -m x && git push origin HEAD:main", "main (branch)"),
    "a tag": ("git tag v1 && git push origin v1", "v1 (new tag)"),
    "a moved tag": (
        "git commit -q --allow-empty -m x && git tag -f old && git push -f origin old",
        "old (tag, forced)",
    ),
    "a forced branch": (
        "git commit -q --amend --allow-empty -m other && git push --force origin HEAD:main",
        "main (branch, forced)",
    ),
    "a deleted branch": ("git push origin :side", "side (branch, deleted)"),
    "a deleted tag": ("git push --delete origin old", "old (tag, deleted)"),
    "a note": (
        "git notes add -m x && git push origin refs/notes/commits",
        "refs/notes/commits (new reference)",
    ),
    "an address": (
        f"git push https://github.com/{SLUG} HEAD:refs/heads/gh-pages",
        "gh-pages (new branch)",
    ),
    "an address with a token": (
        f"git push https://$TOKEN@github.com/{SLUG}.git HEAD:refs/heads/p",
        "p (new branch)",
    ),
    "a user and a token": (
        f"git push https://x-access-token:$TOKEN@github.com/{SLUG}.git HEAD:refs/heads/p",
        "p (new branch)",
    ),
    "ssh": (f"git push git@github.com:{SLUG}.git HEAD:refs/heads/p", "p (new branch)"),
    "a clone": (
        f"git clone -q -b side https://github.com/{SLUG}.git ../pages && cd ../pages && "
        f"{NAME} && git commit -q --allow-empty -m x && git push",
        "side (branch)",
    ),
}


@pytest.fixture
def demo(tmp_path):
    """Make a project of two branches and a tag; return its folder and what hashes it."""

    def make(text: str) -> Path:
        folder = project(tmp_path / "demo", text)
        git(folder, "branch", "side")
        git(folder, "tag", "old")
        git(folder, "remote", "add", "origin", f"https://github.com/{SLUG}.git")
        return folder

    return make


@pytest.mark.parametrize(("command", "shown"), PUSHES.values(), ids=PUSHES)
def test_a_push_is_shown_and_changes_nothing_of_the_users(command, shown, demo, travis):
    folder = demo(file(NAME, command))
    before = state(folder)
    result = travis(folder, "--var", "TOKEN=s3cr3t")
    assert result.returncode == 0, result.stdout
    assert f"==>     {EN('pushed', names=shown)}\n" in result.stdout
    assert EN("nothing_published") not in result.stdout
    assert state(folder) == before


def test_a_push_is_shown_in_spanish_too_and_a_job_without_one_has_no_line(demo, travis):
    folder = demo(file(NAME, "git push origin HEAD:refs/heads/gh-pages"))
    result = travis(folder, "--lang", "es")
    assert "push de gh-pages (rama, se crea), a una copia que se borra\n" in result.stdout
    git(folder, "rm", "--quiet", "--cached", ".travis.yml")
    result = travis(project(folder, file("git status")))
    assert result.returncode == 0, result.stdout
    assert "thrown away" not in result.stdout


def test_a_job_sees_the_address_that_it_has_on_travis_ci(demo, travis):
    folder = demo(
        file(
            f'test "$(git config remote.origin.url)" = https://github.com/{SLUG}.git',
            "! grep -r /demo/.git .git ~/.gitconfig $GIT_CONFIG_SYSTEM",
            "test ! -e .git/objects/info/alternates",
            "git fetch -q --unshallow || git fetch -q",
            "git ls-remote --heads origin | grep refs/heads/side",
        )
    )
    result = travis(folder)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "command",
    [
        'chmod -R u+w $GIT_COPY && find $GIT_COPY -type f -exec sh -c "echo x > {}" \\;',
        "rm -rf $GIT_COPY && ln -s $USERS $GIT_COPY",
        "rm -rf $GIT_COPY && mkfifo $GIT_COPY",
        "rm $GIT_COPY/config && mkfifo $GIT_COPY/config",
        "rm -f $GIT_COPY/packed-refs && mkfifo $GIT_COPY/packed-refs",
        "rm -rf $GIT_COPY/objects && ln -s $USERS/.git/objects $GIT_COPY/objects",
        "echo $USERS/.git/objects > $GIT_COPY/objects/info/alternates",
        'git -C $GIT_COPY config core.fsmonitor "touch $MARK"',
        'git -C $GIT_COPY config core.alternateRefsCommand "touch $MARK"',
        'printf "#!/bin/sh\\ntouch $MARK" > $GIT_COPY/hooks/reference-transaction',
    ],
)
def test_a_copy_that_a_job_destroys_harms_nobody(command, tmp_path, demo, travis):
    text = f"""
language: python
install: skip
script:
  - |
    GIT_COPY=$(sed -n 's,.*"file://\\(.*\\)".*,\\1,p' $GIT_CONFIG_SYSTEM)
    USERS={tmp_path}/demo MARK={tmp_path}/started
    test -d $GIT_COPY/objects && echo it is there
    mkdir -p $GIT_COPY/hooks $GIT_COPY/objects/info
    {command}
"""
    folder = demo(text)
    before = state(folder)
    result = travis(folder)
    assert result.returncode == 0, result.stdout
    assert "\nit is there\n" in result.stdout
    assert "Traceback" not in result.stdout
    assert "==> Summary" in result.stdout
    assert state(folder) == before
    assert not (tmp_path / "started").exists()


def test_a_ref_with_a_name_made_for_a_terminal_is_shown_harmlessly():
    before: dict[str, str] = {}
    after = {f"refs/heads/{'a'}\x1b[2Jb\u202e": "1" * 40}
    (push,) = origin.pushes(Path("."), before, after)
    assert push.name == "ab"


# The user's own repository may be hostile too


def test_the_copy_is_made_without_starting_what_the_repository_names(tmp_path):
    folder = project(tmp_path / "demo", "script: a\n")
    mark = f"touch {tmp_path}/started"
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "uploadpack.packObjectsHook",
        "core.pager",
        "core.alternateRefsCommand",
        "filter.x.smudge",
        "filter.x.clean",
        "gpg.program",
        "diff.external",
        "core.gitProxy",
        "core.editor",
        "credential.helper",
    ):
        git(folder, "config", key, mark)
    (folder / ".gitattributes").write_text("* filter=x\n")
    git(folder, "-c", "filter.x.clean=cat", "-c", "core.fsmonitor=false", "add", ".")
    git(folder, "-c", "core.fsmonitor=false", "-c", "core.editor=true", "commit", "-qm", "Filter")
    for name in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-push",
        "update",
        "post-receive",
        "pre-auto-gc",
    ):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{mark}\n")
        hook.chmod(0o755)
    (tmp_path / "started").unlink(missing_ok=True)
    commit = read(folder, "-c", "core.fsmonitor=false", "rev-parse", "HEAD")
    (tmp_path / "started").unlink(missing_ok=True)
    repo = repository.Repository(folder, Reader(folder), commit, [])
    copied = tmp_path / "origin.git"
    origin.copy(repo, copied, EN)
    from pypi_practice.travis.plan import planner

    event = Event("main")
    job = planner.make({"script": "a"}, event, [], 1, EN).stages[0].jobs[0]
    checkout = tmp_path / "checkout"
    origin.clone(copied, repo, job, checkout, EN, lambda line: None)
    assert (checkout / ".travis.yml").read_text() == "script: a\n"
    assert origin.refs(copied) == {"refs/heads/main": commit}
    assert not (tmp_path / "started").exists()
    assert all(file.stat().st_nlink == 1 for file in copied.rglob("*") if file.is_file())
    assert not (copied / "objects" / "info" / "alternates").exists()


def test_a_stash_and_remote_branches_stay_with_the_user(tmp_path):
    folder = project(tmp_path / "demo", "script: a\n")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    (folder / ".travis.yml").write_text("script: secret\n")
    git(folder, "stash")
    copied = tmp_path / "origin.git"
    origin.copy(repository.Repository(folder, Reader(folder), "", []), copied, EN)
    assert set(origin.refs(copied) or ()) == {"refs/heads/main"}
