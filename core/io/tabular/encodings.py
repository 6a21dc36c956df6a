"""Text of any encoding and with any ends of lines, as UTF-8 with line feeds: Excel, R and old Macs write others."""

import codecs
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from core.io import archives

_LOOKED_AT = 1 << 16
_PIECE_BYTES = 1 << 16

_Change = Callable[[bytes, bool], bytes]


@contextmanager
def opened_text(path: Path) -> Iterator[IO[bytes]]:
    """Open text, plain or compressed with gzip.

    Parameters
    ----------
    path : Path

    Yields
    ------
    binary file
        UTF-8. UTF-16 is known by its first bytes, and what is no UTF-8 at its beginning has Windows' Latin letters. Lines that end
        in a carriage return alone, as on old Macs, end in a line feed.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If it is damaged or hostile.
    """
    with archives.unzipped(path) as file:
        change = _change(_beginning(file))
        yield file if change is None else io.BufferedReader(_Changed(file, change), _PIECE_BYTES)


def _beginning(file: IO[bytes]) -> bytes:
    if file.seekable():
        start = file.read(_LOOKED_AT)
        file.seek(0)
        return start
    return cast(io.BufferedReader, file).peek(_LOOKED_AT)  # what is unpacked cannot be read again


def _change(start: bytes) -> _Change | None:
    """Choose what is done to text that begins so; None where nothing has to be."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _recoded("utf-16")
    if not _is_utf8(start):
        return _recoded("cp1252")
    ends = start.removesuffix(b"\r")  # a line feed may follow
    return _with_line_feeds if b"\r" in ends and b"\n" not in ends else None


def _is_utf8(start: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # a letter may be cut off at the end
    except UnicodeDecodeError:
        return False
    return True


def _recoded(encoding: str) -> _Change:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return lambda piece, is_last: decoder.decode(piece, is_last).encode("utf-8", "replace")


def _with_line_feeds(piece: bytes, _: bool) -> bytes:
    return piece.replace(b"\r", b"\n")


class _Changed(io.RawIOBase):
    """What comes of a file once each piece of it is changed."""

    def __init__(self, file: IO[bytes], change: _Change) -> None:
        self._file, self._change = file, change
        self._left, self._is_over = b"", False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        while not self._left and not self._is_over:
            piece = self._file.read(_PIECE_BYTES)
            self._is_over = not piece
            self._left = self._change(piece, self._is_over)
        found = self._left[: len(buffer)]
        self._left = self._left[len(found) :]
        buffer[: len(found)] = found
        return len(found)
