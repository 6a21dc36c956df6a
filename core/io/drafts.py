"""Private folders for uploads: files under new names, removed together with the object that holds the folder."""

import os
import shutil
import stat
import sys
import tempfile
import time
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from core.errors import SampleFileError

if sys.platform != "win32":
    import fcntl

SUFFIXES = (
    ".tar.gz",
    ".tgz",
    ".zarr.zip",
    ".tar",
    ".zip",
    ".h5ad.gz",
    ".h5.gz",
    ".h5ad",
    ".h5mu",
    ".gef",
    ".hdf5",
    ".h5",
    ".csv.gz",
    ".csv",
    ".tsv",
    ".txt",
)
"""Endings that readers rely on; other endings are removed."""

_COPY_BYTES = 1 << 20
_PREFIX = "spatial-domains-"  # of all private folders of this program, those of readers among them
_HELD = "held-"  # of those that are locked as long as their process lives
_SECONDS_TO_LOCK = 2.0
_FORGOTTEN_SECONDS = 7 * 24 * 3600  # no session and no import lasts as long


class Draft:
    """A private folder, removed with the last reference to this object or at the end of the process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=_own_prefix()))
        self._end = weakref.finalize(self, _let_go, self.folder, _held(self.folder))

    def remove(self) -> None:
        """Remove the folder now."""
        self._end()

    def take(self, stream: IO[bytes], name: str) -> Path:
        """Copy an upload into a file with a new name.

        Parameters
        ----------
        stream : binary file
        name : str
            Name of the upload; only its ending counts, and only one of :data:`SUFFIXES`.

        Returns
        -------
        Path

        Raises
        ------
        SampleFileError
            If the disk is full.
        """
        path = self.folder / f"{uuid.uuid4().hex}{suffix(name)}"
        try:
            with path.open("xb") as out:
                shutil.copyfileobj(stream, out, _COPY_BYTES)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise SampleFileError(f"The upload cannot be kept ({error.strerror}): make room on the server.") from error
        return path


def suffix(name: str) -> str:
    """Find the ending of a file's name, if it is one that readers rely on.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        Empty for any other.
    """
    return next((end for end in SUFFIXES if name.lower().endswith(end)), "")


def stem(name: str) -> str:
    """Cut the ending off a file's name.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return name[: len(name) - len(suffix(name))]


@contextmanager
def private_folder() -> Iterator[str]:
    """Give a temporary folder that readers unpack into, for as long as a block runs.

    Yields
    ------
    str
        It is also removed with a worker that is ended, and after the process was killed.
    """
    with tempfile.TemporaryDirectory(prefix=_own_prefix()) as folder:
        held = _held(Path(folder))
        try:
            yield folder
        finally:
            if held is not None:
                os.close(held)


def _own_prefix() -> str:
    return f"{_PREFIX}{os.getpid()}-{_HELD}"


def _held(folder: Path) -> int | None:
    """Lock a folder; the lock ends with the process, however it ends. None where the system has no such locks."""
    if sys.platform == "win32":
        return None
    held = os.open(folder, os.O_RDONLY)
    with suppress(OSError):
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return held


def _let_go(folder: Path, held: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if held is not None:
        os.close(held)


def remove_those_of(pid: int) -> None:
    """Remove what a process that was ended had begun to unpack.

    Parameters
    ----------
    pid : int
        Of a process of this user on this machine, and of no other one by now.
    """
    for entry in os.scandir(tempfile.gettempdir()):
        if entry.name.startswith(f"{_PREFIX}{pid}-") and entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)


def remove_forgotten() -> None:
    """Remove private folders of this user whose process was killed and could not.

    Such a folder is not locked any more; where there are no locks, nothing has written to it for a week.
    """
    for entry in os.scandir(tempfile.gettempdir()):
        if entry.name.startswith(_PREFIX) and (_is_older(entry, _FORGOTTEN_SECONDS) or _is_left(entry)):
            shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: "os.DirEntry[str]") -> bool:
    """Whether the process that held a folder has ended; one that was just made may not be locked yet."""
    if sys.platform == "win32" or f"-{_HELD}" not in entry.name or not _is_older(entry, _SECONDS_TO_LOCK):
        return False
    try:
        folder = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # it is held, or nothing can be
        return False
    finally:
        os.close(folder)
    return True


def _is_older(entry: "os.DirEntry[str]", seconds: float) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)  # others may put links into a folder that all share
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return mine and stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > seconds
