"""What ``travis run --json`` says of a build and of each of its jobs."""

from __future__ import annotations

from pathlib import Path

from helpers.travis.rehearsals import EN, MAIN, git, project

from pypi_practice.network.connections import Connection
from pypi_practice.sandbox.kinds import Kind
from pypi_practice.travis.run import repository, run_report
from pypi_practice.travis.run.job.origin import Push
from pypi_practice.travis.run.results import Deployed, Outcome, Result

TEXT = """\
language: python
script: echo tested
jobs:
  include:
    - name: tests
    - name: upload
      deploy: {provider: script, script: echo sent, on: main}
    - name: newest
"""


def test_each_job_says_what_it_did(tmp_path: Path) -> None:
    folder = project(tmp_path / "demo", TEXT)
    (folder / "notes.txt").write_text("not committed")
    git(folder, "add", "notes.txt")
    repo, _ = repository.find(folder, None, None, EN)
    plan, _ = repository.plan(repo, MAIN, [], EN)
    (stage,) = plan.stages
    connection = Connection("example.org", 443, "refused")
    outcomes = [
        Outcome(code=1, python="3.11", times={"script": 1.26}, pushes=None),
        Outcome(
            python="3.12",
            deploys={0: Deployed("steps", True)},
            uploaded=[("pypi", "demo-1.0.tar.gz")],
            skipped=["demo-0.9.tar.gz"],
            connections=[connection, connection],
            pushes=[Push("tag", "v1.0", "created")],
        ),
        Outcome(left_out=True),
    ]
    result = Result(
        passed=False,
        wall=Kind.NAMESPACE,
        jobs=list(zip(stage.jobs, outcomes, strict=True)),
        published=[("pypi", "demo-1.0.tar.gz")],
    )
    data = run_report.as_data(repo, plan, MAIN, result, EN)
    assert (data["passed"], data["wall"], data["uncommitted"]) == (
        False,
        "namespace",
        ["notes.txt"],
    )
    assert data["published"] == [{"index": "pypi", "file": "demo-1.0.tar.gz"}]
    failed, published, left_out = data["jobs"]
    assert [job["result"] for job in data["jobs"]] == ["failed", "passed", "left_out"]
    assert (failed["number"], failed["name"], failed["played_by"]) == ("1.1", "tests", "3.11")
    assert (failed["seconds"], failed["pushed"]) == ({"script": 1.3}, None)
    assert published["deploys"] == [{"provider": "script", "by": "steps", "done": True}]
    assert published["published"] == data["published"]
    assert published["skipped"] == ["demo-0.9.tar.gz"]
    assert published["pushed"] == [{"kind": "tag", "name": "v1.0", "change": "created"}]
    assert published["connections"] == [{"host": "example.org", "port": 443, "outcome": "refused"}]
    assert left_out["deploys"] == []
