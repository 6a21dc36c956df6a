"""Events on disk, one line of JSON each; added events stay readable, however the process ended.

Knows nothing of jobs and sweeps: readers name the type of their events.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from core import codec, files
from core.errors import CodecError

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 256 * 2**20

T = TypeVar("T")


class EventLog:
    """One file of events.

    Parameters
    ----------
    path : Path
        Made with the first event, in a folder that exists.
    durable : bool
        Whether each added event is forced to the disk, so that it survives a power cut.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self._durable = durable

    def hold(self) -> IO[str] | None:
        """Keep the log for this process, until the file is closed or the process dies.

        Returns
        -------
        file or None
            None where another process holds it.
        """
        try:
            return files.open_locked(self.path)
        except BlockingIOError:
            return None

    def append(self, *events: Any) -> None:
        """Add events, all at once.

        Raises
        ------
        CodecError
            If it holds something that is not data.
        OSError
            If it cannot be written.
        """
        lines = b"".join(codec.encode(event) + b"\n" for event in events)
        with self.path.open("a+b") as file:
            # An incomplete line would make the next one unreadable, too.
            if file.tell() and _last_byte(file) != b"\n":
                lines = b"\n" + lines
            file.write(lines)
            file.flush()
            if self._durable:
                os.fsync(file.fileno())

    def events(self, kind: type[T]) -> Iterator[T]:
        """Read all events, the oldest first.

        Parameters
        ----------
        kind : type
            Lines that hold anything else are passed over: they were cut off, or another version wrote them.

        Yields
        ------
        object
            Of that type.
        """
        for number, line in enumerate(self._lines(), start=1):
            try:
                yield codec.decode(kind, line)
            except CodecError as error:
                _LOG.info("Line %d of %s is passed over: %s", number, self.path, error)

    def _lines(self) -> Iterator[bytes]:
        if not self.path.is_file():
            return
        with self.path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > _MOST_BYTES:
                _LOG.warning("%s has more than %d bytes and is not read.", self.path, _MOST_BYTES)
                return
            yield from file


def _last_byte(file: IO[bytes]) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)
