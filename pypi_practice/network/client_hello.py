"""Reads the host name in the ClientHello, the first message of a TLS connection.

Source: RFC 8446 sections 4, 4.1.2 and 5.1, RFC 6066 section 3.
"""

from __future__ import annotations

import socket

HANDSHAKE = 0x16  # the type of a record
CLIENT_HELLO = 0x01  # the type of a message in it
RECORD_HEADER, MESSAGE_HEADER = 5, 4  # bytes
HELLO_LIMIT = 16 * 1024  # bytes, headers and all; one with post-quantum keys has about 2,000
# The alert unrecognized_name, so that the client reports it instead of a broken connection.
UNRECOGNIZED_NAME = bytes((0x15, 3, 3, 0, 2, 2, 112))


def receive(connection: socket.socket, received: bytes = b"") -> bytes:
    """Return the data of *connection* up to a complete ClientHello; it begins with *received*.

    A ClientHello may be split into TCP segments and TLS records. The data received so far is
    returned if it is no ClientHello, exceeds HELLO_LIMIT, or if the client closes the connection.
    """
    data = received
    while len(data) <= HELLO_LIMIT and _is_begun(data):
        chunk = connection.recv(16 * 1024)
        if not chunk:
            break
        data += chunk
    return data


def _is_begun(data: bytes) -> bool:
    """Tell whether *data* is the start of an incomplete ClientHello."""
    try:
        return _message(data) is None
    except ValueError:
        return False


def _message(data: bytes) -> bytes | None:
    """Return the ClientHello in the records of *data*, without header; None if incomplete.

    Raises ValueError if *data* is not the start of a TLS connection.
    """
    message, start = b"", 0
    while start < len(data):
        if data[start] != HANDSHAKE:
            raise ValueError("not a record of the handshake")
        if start + RECORD_HEADER > len(data):
            return None
        size = int.from_bytes(data[start + 3 : start + RECORD_HEADER])
        if not size:
            raise ValueError("an empty record")
        start += RECORD_HEADER
        message += data[start : start + size]
        start += size
        if message and message[0] != CLIENT_HELLO:
            raise ValueError("not a ClientHello")
        end = MESSAGE_HEADER + int.from_bytes(message[1:MESSAGE_HEADER])
        if len(message) >= max(end, MESSAGE_HEADER):
            return message[MESSAGE_HEADER:end]
    return None


def server_name(data: bytes) -> str | None:
    """Return the server name in the ClientHello at the start of *data*, None without one.

    Raises ValueError if *data* does not begin with a complete ClientHello of at most HELLO_LIMIT.
    """
    hello = _message(data[:HELLO_LIMIT])
    if hello is None:
        raise ValueError("not a whole ClientHello")
    try:
        offset = 2 + 32  # version, random
        offset += 1 + hello[offset]  # session id
        offset += 2 + int.from_bytes(hello[offset : offset + 2])  # cipher suites
        offset += 1 + hello[offset]  # compression methods
        end = offset + 2 + int.from_bytes(hello[offset : offset + 2])
        offset += 2
        while offset + 4 <= end:
            kind = int.from_bytes(hello[offset : offset + 2])
            length = int.from_bytes(hello[offset + 2 : offset + 4])
            if kind == 0:
                if hello[offset + 6]:
                    raise ValueError("not a host name")
                size = int.from_bytes(hello[offset + 7 : offset + 9])
                return hello[offset + 9 : offset + 9 + size].decode("ascii")
            offset += 4 + length
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("not a ClientHello") from error
    return None
