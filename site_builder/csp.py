"""The content security policy: what a page may load and run, which is nothing but its own.

Each page carries its policy itself, for hosts that send no headers of ours (GitHub Pages); hosts
that read a ``_headers`` file (Netlify, Cloudflare Pages) also send it, with what only a header can
say.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

CHARSET = '<meta charset="utf-8">'
# A block of data, such as the theme's settings, is not run and needs no hash.
SCRIPT = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.S)
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.S)
HEADERS = """\
/*
  Content-Security-Policy: {policy}; frame-ancestors 'none'
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
"""


def add(place: Path) -> None:
    """Give every page below *place* its policy, and write ``_headers`` for all of them."""
    scripts: set[str] = set()
    styles: set[str] = set()
    for file in sorted(place.rglob("*.html")):
        html = file.read_text(encoding="utf-8")
        own_scripts, own_styles = _hashes(SCRIPT, html), _hashes(STYLE, html)
        scripts |= own_scripts
        styles |= own_styles
        meta = (
            f'{CHARSET}\n<meta http-equiv="Content-Security-Policy" '
            f'content="{policy(own_scripts, own_styles)}">'
        )
        file.write_text(html.replace(CHARSET, meta, 1), encoding="utf-8")
    text = HEADERS.format(policy=policy(scripts, styles))
    (place / "_headers").write_text(text, encoding="utf-8")


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return a policy; *scripts* and *styles* are hashes of what stands in the page itself."""
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *sorted(scripts)],
        "style-src": ["'self'", *sorted(styles)],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
    return "; ".join(" ".join([name, *values]) for name, values in rules.items())


def _hashes(block: re.Pattern[str], html: str) -> set[str]:
    return {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in block.findall(html)
    }
