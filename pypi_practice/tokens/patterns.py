"""Finds tokens and other secrets in a text that somebody else wrote, in time linear in the text.

The patterns are in data/token_patterns.yml; the script of the page of messages reads
them, too.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterator

from pypi_practice.core.data import load

_PATTERNS = load("token_patterns")
# The beginning of a token, and a token to its end.
BEGINNING = re.compile(_PATTERNS["begins"])
TOKEN = re.compile(_PATTERNS["begins"] + _PATTERNS["rest"])
FIELD = re.compile(_PATTERNS["field"])
SCANNER = re.compile(_PATTERNS["scanner"])
# Pairs of a regular expression and its replacement, as JavaScript gets them, too.
SECRETS: list[tuple[str, str]] = [
    (pattern.replace("{token}", TOKEN.pattern), replacement)
    for pattern, replacement in _PATTERNS["secrets"]
]
_SECRETS = [(re.compile(pattern), replacement) for pattern, replacement in SECRETS]

# What stands between two strings that are put together.
_CONCATENATED = re.compile(rb"[\"'][ \t]{0,8}[+.]?[ \t]{0,8}[\"']")
_QUOTES = b"\"'\\"
_ESCAPED = re.compile(rb"(?:%|\\x|\\u00)([0-9A-Fa-f]{2})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40}")  # what is shorter is an example, or cut off


def redact(text: str) -> str:
    """Return *text* with whatever looks like a secret blanked out, in the same number of lines.

    >>> redact("TWINE_PASSWORD=hunter2hunter2 twine upload")
    'TWINE_PASSWORD=[token] twine upload'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(functools.partial(_blanked, replacement), text)
    return text


def _blanked(replacement: str, match: re.Match[str]) -> str:
    return match.expand(replacement) + "\n" * match[0].count("\n")


def find_tokens(text: str) -> list[str]:
    """Return what begins as every token of PyPI does, real or of the practice index, each once.

    >>> find_tokens("A=pypi-AgThisIsNoTokenAtAll # pypi-Agreement")
    ['pypi-AgThisIsNoTokenAtAll']
    """
    return list(dict.fromkeys(TOKEN.findall(text)))


def _encodings(signature: bytes) -> Iterator[bytes]:
    """Yield *signature* as it is, and what of it every base64 that holds it holds, too.

    There are three, by the place in the coded text: modulo 3 bytes.
    """
    yield signature
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + signature)
        yield coded[-(-before * 8 // 6) : (before + len(signature)) * 8 // 6]


def _signatures() -> tuple[bytes, ...]:
    """Return what every token of the real services holds, alone and inside base64.

    Version 2 of the format, the field of the location, its length, and the location itself: the
    beginning of the macaroon, in base64.
    """
    signatures: list[bytes] = []
    for location in load("index/addresses")["real_locations"]:
        start = b"\x02\x01" + bytes([len(location)]) + location.encode()
        signatures += _encodings(base64.urlsafe_b64encode(start)[: len(start) * 8 // 6])
    return tuple(signatures)


_SIGNATURES = _signatures()


def contains_real(text: str | bytes) -> bool:
    """Tell whether a token of the real PyPI or TestPyPI is somewhere in *text*.

    It is seen in quotes, in an address, in JSON, percent-encoded, in the base64 of a header, in
    UTF-16, put together of strings, and broken into lines. A beginning of up to 50 characters is an
    example.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    data = data.replace(b"\0", b"")  # between the ASCII letters of UTF-16
    if _has_signature(_joined(data)):
        return True
    if b"%" not in data and b"\\" not in data:
        return False
    return _has_signature(
        _joined(_ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), data))
    )


def _joined(data: bytes) -> bytes:
    """Return *data* without the ends of lines and strings, at which a token may be broken."""
    strings = _CONCATENATED.sub(b"", data).translate(None, _QUOTES)
    return b"".join(line.strip(b" \t\r") for line in strings.split(b"\n"))


def _has_signature(data: bytes) -> bool:
    for signature in _SIGNATURES:
        at = data.find(signature)
        while at >= 0:
            if _BASE64.match(data, at + len(signature)):
                return True
            at = data.find(signature, at + 1)
    return False
