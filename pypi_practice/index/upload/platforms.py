"""Which platforms a wheel on PyPI may be for.

Source: _valid_platform_tag in warehouse/forklift/legacy.py at commit 6b62157.
"""

from __future__ import annotations

import re

PLAIN = frozenset(
    (
        "any",
        "win32",
        "win_arm64",
        "win_amd64",
        "win_ia64",
        "linux_armv6l",
        "linux_armv7l",
        "manylinux1_x86_64",
        "manylinux1_i686",
        "manylinux2010_x86_64",
        "manylinux2010_i686",
        "manylinux2014_x86_64",
        "manylinux2014_i686",
        "manylinux2014_aarch64",
        "manylinux2014_armv7l",
        "manylinux2014_ppc64",
        "manylinux2014_ppc64le",
        "manylinux2014_s390x",
    )
)
LINUX = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
MAC = "ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2"
# PyPI's own expressions are open at the end only where it reads the rest as a whole.
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"macosx_10_\d+_({MAC})\Z",
        rf"macosx_(11|12|13|14|15|26)_0_({MAC})\Z",
        rf"manylinux_\d+_\d+_({LINUX}|ppc64)\Z",
        rf"musllinux_\d+_\d+_({LINUX})\Z",
        r"ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)",
        r"android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)\Z",
        r"pyemscripten_\d+_\d+_wasm32",
    )
)


def is_allowed(platform: str) -> bool:
    """Tell whether PyPI takes wheels for *platform*, the last part of a wheel's tags."""
    return platform in PLAIN or any(pattern.match(platform) for pattern in PATTERNS)
