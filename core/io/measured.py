"""Streams of untrusted archives, measured while they are read: no absurd pieces, and no more than a file of its size may hold."""

import gzip
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from core.errors import UnsafeFileError
from core.io.drafts import private_folder
from core.text import file_name

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on what an archive may contain.

    Parameters
    ----------
    members : int
        Files and folders in it.
    depth : int
        How deep folders may be nested.
    total_bytes : int
        Bytes of everything that is unpacked or skipped while unpacking.
    ratio : int
        Bytes unpacked for each byte stored, in the outermost file where archives lie in one another. Counts as text come to
        about 6, pictures and HDF5 to 1.
    small_bytes : int
        Size up to which the ratio is not checked.
    """

    members: int = 10_000
    depth: int = 16
    total_bytes: int = 8 << 30
    ratio: int = 100
    small_bytes: int = 32 << 20


LIMITS = Limits()

COPY_BYTES = 1 << 20

# Largest piece that zipfile or tarfile may read at once: both read a directory or a header of declared size as a whole.
_MAX_READ_BYTES = 4 << 20

_LONG_NUMBER = re.compile(rb"\d{101}")

# What gzip reads of headers and ends. Parts of a kilobyte, smaller than any program writes, take four such pieces each.
_TINY_BYTES = 16
_MAX_TINY = 100_000
_BYTES_FOR_EACH_TINY = 256

# Bytes stored in the outermost file that each temporary folder was unpacked from.
_stored_outside: dict[Path, int] = {}


@contextmanager
def unpacking(source: Path) -> Iterator[Path]:
    """Give a temporary folder for what is unpacked from a file.

    An archive in there may unpack to as much as a file of the size of `source`: otherwise each of several archives that lie in
    one another could unpack to a hundred times the one around it.

    Parameters
    ----------
    source : Path

    Yields
    ------
    Path
        Removed when the block ends.
    """
    with private_folder() as scratch:
        folder = Path(scratch).resolve()
        _stored_outside[folder] = stored_bytes(source)
        try:
            yield Path(scratch)
        finally:
            del _stored_outside[folder]


def stored_bytes(path: Path) -> int:
    """Find how many bytes somebody has stored so that a file is there: those of the outermost archive that it came from.

    Parameters
    ----------
    path : Path

    Returns
    -------
    int
    """
    above = set(path.resolve().parents)
    return min((size for folder, size in list(_stored_outside.items()) if folder in above), default=path.stat().st_size)


class Budget:
    """Bytes that may still be unpacked from one archive."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = file_name(path)
        self._limit = min(limits.total_bytes, max(limits.small_bytes, limits.ratio * stored_bytes(path)))
        self._spent = 0

    def check(self, n_bytes: int) -> None:
        """Refuse what would be more than is left."""
        if self._spent + n_bytes > self._limit:
            raise UnsafeFileError(
                f"{self.name} unpacks to more than {self._limit >> 20} MiB, more than a sample needs from a file of its "
                "size: it was not unpacked. Pack only the matrix and the `spatial` folder."
            )

    def spend(self, n_bytes: int) -> None:
        """Take bytes off what is left."""
        self.check(n_bytes)
        self._spent += n_bytes


class Bounded:
    """A file that refuses to read absurdly large pieces.

    zipfile reads its directory, and tarfile an extended header, as a whole, as long as the file says it is.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        """Read a piece of a size that is not absurd."""
        if not 0 <= size <= _MAX_READ_BYTES:
            size = min(size, _MAX_READ_BYTES) if size > 0 else _MAX_READ_BYTES
            found = self._file.read(size)
            if len(found) == size:
                raise UnsafeFileError(f"{self._name} has a list of files of absurd length: it was not unpacked.")
            return found
        return self._file.read(size)

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True


class Headers(Bounded):
    """A tar that refuses headers over which tarfile's search for numbers would take hours, as it does before Python 3.11.10."""

    _are_read = True

    def between(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Give the entries of the archive; what is read while one is out is its content."""
        for entry in entries:
            self._are_read = False
            yield entry
            self._are_read = True

    def read(self, size: int = -1) -> bytes:
        """Read a piece of a header or of content."""
        found = super().read(size)
        if self._are_read and _LONG_NUMBER.search(found):
            raise UnsafeFileError(
                f"{self._name} has a header with an absurd number: it was not unpacked. Pack the folder anew."
            )
        return found


class Coherent:
    """A compressed file that refuses to be read in very many tiny pieces, which would take hours.

    gzip reads the name in a header byte by byte, however long it is, and a file may consist of parts that hold nothing.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._tiny = 0
        self._n_bytes = 0
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        """Read a piece, and refuse one more tiny one where they outweigh what they brought."""
        found = self._file.read(size)
        self._n_bytes += len(found)
        self._tiny += len(found) < _TINY_BYTES
        if self._tiny > _MAX_TINY + self._n_bytes // _BYTES_FOR_EACH_TINY:
            raise UnsafeFileError(
                f"{self._name} is compressed in absurdly small parts: it was not unpacked. Compress it anew."
            )
        return found


class Forward(io.RawIOBase):
    """Counts what gzip unpacks; it never rewinds, since gzip would then start over."""

    def __init__(self, stream: gzip.GzipFile, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, and count what came."""
        found = self._stream.read(len(buffer))
        self._budget.spend(len(found))
        buffer[: len(found)] = found
        return len(found)

    def tell(self) -> int:
        """Say how much has come."""
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go forward, by reading."""
        missing = offset - self.tell()
        if whence != io.SEEK_SET or missing < 0:
            raise UnsafeFileError(f"{self._budget.name} has members that lie in one another: it was not unpacked.")
        while missing > 0 and (found := self.read(min(COPY_BYTES, missing))):
            missing -= len(found)
        return self.tell()
