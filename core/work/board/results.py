"""Results of finished jobs on disk, so that they outlive the server: JSON and arrays, no pickles.

A result is found under the key of its request and the version of the method that made it. The folder is bounded; results used
longest ago goes first.
"""

import hashlib
import logging
import zipfile
from pathlib import Path
from typing import TypeVar

import numpy as np

from core import codec, files, npy
from core.errors import CodecError
from core.method.version import METHOD_VERSION

_LOG = logging.getLogger(__name__)
_TREE = "tree"

T = TypeVar("T")


class Results:
    """A folder of results.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    max_bytes : int
        Largest size; the latest result always stays.
    """

    def __init__(self, folder: Path, max_bytes: int = 2**29) -> None:
        self.folder = folder
        self._max_bytes = max_bytes

    def get(self, key: str, kind: type[T]) -> T | None:
        """Read a kept result.

        Parameters
        ----------
        key : str
            Key of the request.
        kind : type
            Type that it must have.

        Returns
        -------
        object or None
            None if there is none, or it cannot be read.
        """
        path = self._path(key)
        try:
            value = _read(path, kind)
            files.mark_used(path)
        except FileNotFoundError:
            return None
        # zipfile raises many kinds of errors for damage, and all mean that the work is done again.
        except Exception as error:
            _LOG.warning("A kept result cannot be read and is passed over: %s", error)
            return None
        return value

    def put(self, key: str, value: object) -> None:
        """Keep a result; if that fails, a warning is logged and work goes on."""
        path, arrays = self._path(key), list[np.ndarray]()
        try:
            tree = np.frombuffer(codec.encode(value, arrays), dtype=np.uint8)
            self.folder.mkdir(parents=True, exist_ok=True)
            with files.written_whole(path) as draft, draft.open("wb") as file:
                np.savez(
                    file, allow_pickle=False, **{_TREE: tree, **{f"a{i}": array for i, array in enumerate(arrays)}}
                )
            files.keep_below(self.folder.glob("*.npz"), self._max_bytes, spare=path)
        except (OSError, CodecError) as error:
            _LOG.warning("A result was not kept on disk: %s", error)

    def _path(self, key: str) -> Path:
        return self.folder / (hashlib.sha256(f"{METHOD_VERSION} {key}".encode()).hexdigest()[:32] + ".npz")


def _read(path: Path, kind: type[T]) -> T:
    with zipfile.ZipFile(path) as archive:
        contents = {entry.filename: _stored(archive, entry) for entry in archive.infolist()}
    tree = npy.from_bytes(contents.pop(f"{_TREE}.npy"))
    arrays = [npy.from_bytes(contents[f"a{index}.npy"]) for index in range(len(contents))]
    return codec.decode(kind, tree.tobytes(), arrays)


def _stored(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    # What is not compressed takes no more memory than the file has bytes.
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise ValueError("it was packed by another program")
    return archive.read(entry)
