"""Private folders for uploads: files under new names, removed together with the object that holds the folder."""

import os
import shutil
import stat
import tempfile
import time
import uuid
import weakref
from pathlib import Path
from typing import IO

from core.errors import SampleFileError

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
_FORGOTTEN_SECONDS = 7 * 24 * 3600  # no session and no import lasts as long


class Draft:
    """A private folder, removed with the last reference to this object or at the end of the process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._end = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

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


def own_prefix() -> str:
    """Begin the names of folders that readers unpack into: with this process, so that they go when it is ended.

    Returns
    -------
    str
    """
    return f"{_PREFIX}{os.getpid()}-"


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
    """Remove private folders of this user that nothing has written to for a week: their process was killed and could not."""
    for entry in os.scandir(tempfile.gettempdir()):
        if entry.name.startswith(_PREFIX) and _is_forgotten(entry):
            shutil.rmtree(entry.path, ignore_errors=True)


def _is_forgotten(entry: "os.DirEntry[str]") -> bool:
    try:
        status = entry.stat(follow_symlinks=False)  # others may put links into a folder that all share
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return mine and stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > _FORGOTTEN_SECONDS
