"""How much memory one file may take: known before it is read, so that a small file cannot take all of a server's.

`SPCA_MAX_MEMORY`, in bytes or as `8G`, is the limit; by default half of what is free now, in the machine or in its container.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

import psutil

from core.errors import ParameterError, SampleFileError

SETTING = "SPCA_MAX_MEMORY"
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_ALWAYS = 64 << 20  # a sample of any use needs as much, and a full server says so by itself


def limit_bytes() -> int:
    """Find how many bytes one file may take.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        If the setting is not a size.
    """
    text = os.environ.get(SETTING, "").strip().upper()
    if not text:
        return max(_ALWAYS, free_bytes() // 2)
    found = re.fullmatch(r"(\d{1,15})([KMGT]?)(?:I?B)?", text)
    if found is None:
        raise ParameterError(f"{SETTING} is {text[:40]!r}: give a number of bytes, or a size such as 8G.")
    return int(found[1]) << _UNITS[found[2]]


def total_bytes() -> int:
    """Find how much memory the machine has, or its container where that may take less.

    Returns
    -------
    int
    """
    return min(int(psutil.virtual_memory().total), *(most for most, _ in _in_container()))


def check_fits(n_bytes: int, what: str) -> None:
    """Refuse to read more than may be taken.

    Parameters
    ----------
    n_bytes : int
        What reading will take.
    what : str
        For the message, such as "`X`".

    Raises
    ------
    SampleFileError
        The message does not name the file.
    """
    limit = limit_bytes()
    if n_bytes > limit:
        half = "" if os.environ.get(SETTING) else ", half of what is free here"
        raise SampleFileError(
            f"{what} would take {_in_words(n_bytes)} of memory, and at most {_in_words(limit)} may be taken{half}: keep fewer spots "
            f"or genes, save it sparse, or raise {SETTING}."
        )


def free_bytes() -> int:
    """Find how much memory is free now, in the machine or in its container.

    Returns
    -------
    int
    """
    return min(int(psutil.virtual_memory().available), *(max(0, most - used) for most, used in _in_container()))


def _in_container() -> list[tuple[int, int]]:
    """List a container's own limit and what of it is used, by the kernel's control groups of either version."""
    found = [(1 << 62, 0)]
    for most, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # no container, or no limit
            root = Path("/sys/fs/cgroup")
            found.append((int((root / most).read_text()), int((root / used).read_text())))
    return found


def _in_words(n_bytes: int) -> str:
    return f"{n_bytes / (1 << 30):,.1f} GiB" if n_bytes >= 1 << 30 else f"{n_bytes / (1 << 20):,.0f} MiB"
