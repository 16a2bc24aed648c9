"""The load of the benchmark: one process that sends requests which were made beforehand.

Reads one job as JSON from standard input, and prints what came of it as JSON.
"""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from helpers.index import upload_client

TIMEOUT = 30  # seconds until a request counts as failed
PATIENCE = 60  # seconds after which a job that does not end is cut off
LICENCE = "License :: OSI Approved :: MIT License"


@dataclass(frozen=True)
class Target:
    """Where a server listens, and how it is spoken to.

    ``host`` is the name in the requests. ``authority`` is the file of certificates to trust, None
    for plain HTTP; ``through`` is whether ``port`` is that of the proxy of a practice shell.
    """

    port: int
    host: str
    upload: str
    page: str
    download: str
    user: str = ""
    password: str = ""
    authority: str | None = None
    through: bool = False


@dataclass(frozen=True)
class Job:
    """What to send: *count* uploads with the numbers from *first*, or *get* for some *seconds*.

    Uploads go to *projects* in turn; or, if *of_each* is not 0, so many to one after the other.
    """

    target: Target
    at_once: int
    count: int = 0
    seconds: float = 0
    first: int = 0
    projects: int = 10
    of_each: int = 0
    get: str | None = None


@dataclass
class Result:
    """What was answered how often, good answers a second, and how long they took (ms)."""

    statuses: dict[str, int]
    rate: float
    p50: float
    p99: float


def named(project: int, version: int) -> tuple[str, str, str]:
    """Return a project's name, a version and the name of its file."""
    name = f"bench{project}"
    return name, f"1.{version}", f"{name}-1.{version}-py3-none-any.whl"


def file_of(job: Job, number: int) -> tuple[str, str, str]:
    """Return the same of the upload *number* of *job*."""
    if job.of_each:
        return named(number // job.of_each, number % job.of_each)
    return named(number % job.projects, number // job.projects)


def upload(job: Job, number: int) -> bytes:
    """Return an upload as twine sends it, headers and all."""
    target = job.target
    name, version, filename = file_of(job, number)
    content = upload_client.wheel(name, version)
    fields = upload_client.fields(
        content,
        name=name,
        version=version,
        summary="A package of the benchmark",
        license="MIT",
        author="A. Author",
        author_email="a@example.com",
        home_page="https://example.com/",
        keywords="bench",
        platform="any",
        description="A package.\n",
        description_content_type="text/markdown",
        requires_python=">=3.11",
        classifiers=LICENCE,
        requires_dist="packaging",
    )
    body = upload_client.form(fields, filename, content)
    head = (
        f"POST {target.upload} HTTP/1.1\r\nHost: {target.host}\r\nAccept: */*\r\n"
        f"Authorization: {upload_client.basic(target.user, target.password)}\r\n"
        f"Content-Type: multipart/form-data; boundary={upload_client.BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(target: Target, path: str) -> bytes:
    """Return a request for *path*."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {target.host}\r\nAccept: text/html, */*\r\n\r\n"
    ).encode()


HEAD_ONLY, CHUNKED, TO_THE_END = -2, -3, sys.maxsize


class Connection(asyncio.Protocol):
    """One connection, kept as long as the server keeps it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.answer: asyncio.Future[str] | None = None
        self.tunnel = False
        self.need = -1
        self.keep = True

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self.data += data
        if self.need == -1:
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return
            self._read_head(self.data[:end].decode("iso-8859-1").lower(), end + 4)
        if (
            self.need == HEAD_ONLY
            or (self.need == CHUNKED and self.data.endswith(b"\r\n0\r\n\r\n"))
            or 0 <= self.need <= len(self.data)
        ):
            self._finish()

    def _read_head(self, head: str, start: int) -> None:
        length = head.partition("content-length:")[2].partition("\r\n")[0].strip()
        self.keep = "connection: close" not in head and not head.startswith("http/1.0")
        if self.tunnel:
            self.need = HEAD_ONLY
        elif length:
            self.need = start + int(length)
        else:
            self.need = CHUNKED if "transfer-encoding: chunked" in head else TO_THE_END

    def connection_lost(self, exc: Exception | None) -> None:
        """End the answer, or say that it never came."""
        self.keep = False
        if self.need == TO_THE_END:
            self._finish()
        elif self.answer is not None and not self.answer.done():
            self.answer.set_exception(exc or ConnectionError("closed"))

    def _finish(self) -> None:
        line = self.data.partition(b"\r\n")[0].decode("iso-8859-1")
        self.data.clear()
        self.need = -1
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(line.partition(" ")[2])


async def ask(connection: Connection, transport: asyncio.WriteTransport, request: bytes) -> str:
    """Send *request*; return the status and the reason."""
    connection.answer = asyncio.get_running_loop().create_future()
    transport.write(request)
    async with asyncio.timeout(TIMEOUT):
        return await connection.answer


@functools.cache
def trusting(authority: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates in a file."""
    return ssl.create_default_context(cafile=authority)


Opened = tuple[Connection, asyncio.WriteTransport]


async def connect(target: Target) -> Opened:
    """Open a connection to *target*."""
    loop = asyncio.get_running_loop()
    transport, connection = await loop.create_connection(Connection, "127.0.0.1", target.port)
    if target.through:
        connection.tunnel = True
        tunnel = f"CONNECT {target.host}:443 HTTP/1.1\r\nHost: {target.host}:443\r\n\r\n"
        await ask(connection, transport, tunnel.encode())
        connection.tunnel, connection.keep = False, True
    if target.authority is None:
        return connection, transport
    secure = await loop.start_tls(
        transport, connection, trusting(target.authority), server_hostname=target.host
    )
    assert secure is not None
    return connection, secure


async def opening(target: Target) -> Opened | None:
    """Open a connection, or leave it to the first request to say why there is none."""
    try:
        return await connect(target)
    except (OSError, TimeoutError):
        return None


async def send(
    job: Job,
    opened: Opened | None,
    requests: Iterator[bytes],
    times: list[float],
    status_counts: Counter[str],
) -> None:
    """Send one request after the other until there are none."""
    connection, transport = opened or (None, None)
    begun = time.perf_counter()
    for request in requests:
        start = time.perf_counter()
        if start - begun > PATIENCE:
            status_counts["cut off"] += 1
            break
        try:
            if connection is None or not connection.keep:
                connection, transport = await connect(job.target)
            assert transport is not None
            status = await ask(connection, transport, request)
        except (OSError, TimeoutError) as error:
            status, connection = type(error).__name__, None
        times.append(time.perf_counter() - start)
        status_counts[status] += 1
    if transport is not None:  # waitress takes no more than a hundred at once
        transport.close()


def until(request: bytes, end: float) -> Iterator[bytes]:
    """Yield *request* until the time *end*."""
    while time.perf_counter() < end:
        yield request


async def run(job: Job) -> Result:
    """Send what *job* says."""
    uploads: Iterable[bytes] = ()
    if job.get is None:
        numbers = range(job.first, job.first + job.count)
        uploads = [upload(job, number) for number in numbers]
    # One process makes all the connections, with all their keys: that would be measured instead.
    opened = [await opening(job.target) for _ in range(job.at_once)]
    start = time.perf_counter()
    request = get(job.target, job.get) if job.get is not None else b""
    requests = until(request, start + job.seconds) if job.get is not None else iter(uploads)
    times: list[float] = []
    status_counts: Counter[str] = Counter()
    await asyncio.gather(
        *(send(job, connection, requests, times, status_counts) for connection in opened)
    )
    took = time.perf_counter() - start
    good = sum(count for status, count in status_counts.items() if status.startswith("200"))
    times.sort()
    return Result(
        statuses=dict(status_counts),
        rate=good / took,
        p50=times[len(times) // 2] * 1000,
        p99=times[min(len(times) - 1, len(times) * 99 // 100)] * 1000,
    )


def main() -> None:
    """Do one job."""
    arguments = json.load(sys.stdin)
    job = Job(**{**arguments, "target": Target(**arguments["target"])})
    print(json.dumps(asdict(asyncio.run(run(job)))))


if __name__ == "__main__":
    main()
