"""Which code made a run: a run made by other code may have got other labels."""

import functools
import hashlib
from pathlib import Path

from core import __version__

_CORE = Path(__file__).resolve().parents[2]
_DECIDING = ("method/*.py", "params.py", "places.py")


@functools.cache
def code_version() -> str:
    """Name the code that labels depend on.

    Returns
    -------
    str
        The version and a digest of the method's source, such as `0.1.0+5e884898`: equal where the same code runs, on
        any machine, committed or not.
    """
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _DECIDING for path in _CORE.glob(pattern)):
        # Line ends differ between checkouts, and mean nothing.
        digest.update(path.name.encode() + b"\n" + path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{__version__}+{digest.hexdigest()[:8]}"
