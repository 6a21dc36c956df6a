"""Private folders for uploads: files under new names, removed together with the object that holds the folder."""

import shutil
import tempfile
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


class Draft:
    """A private folder, removed with the last reference to this object or at the end of the process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spatial-domains-"))
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
