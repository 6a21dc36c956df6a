"""Results of finished jobs on disk, so that they outlive the server: JSON and arrays, no pickles.

A result is found under the key of its request and the version of the method that made it. The folder is bounded; what was used longest
ago goes first.
"""

import hashlib
import json
import logging
import os
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DomainsError
from core.method.version import METHOD_VERSION
from core.work.board.plain import decoded, encoded

_LOG = logging.getLogger(__name__)
_TREE = "tree"


class Results:
    """A folder of results.

    Parameters
    ----------
    folder : Path
        Made when something is first kept.
    max_bytes : int
        What is more goes, but for what came last.
    """

    def __init__(self, folder: Path, max_bytes: int = 2**29) -> None:
        self.folder = folder
        self._max_bytes = max_bytes

    def get(self, key: str) -> Any:
        """Look up a result.

        Parameters
        ----------
        key : str
            Of the request.

        Returns
        -------
        object or None
            None where there is none that can be read.
        """
        path = self._path(key)
        try:
            # NumPy leaves a file open that it opened itself and finds damaged.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = [stored[f"a{place}"] for place in range(len(stored.files) - 1)]
                value = decoded(json.loads(stored[_TREE].tobytes()), arrays)
            now = time.time_ns()  # the file system's own clock ticks only every few milliseconds
            os.utime(path, ns=(now, now))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, DomainsError) as error:
            _LOG.warning("A kept result cannot be read and is left out: %s", error)
            return None
        return value

    def put(self, key: str, value: Any) -> None:
        """Keep a result; where that cannot be done, the log says so and work goes on.

        Parameters
        ----------
        key : str
        value : object
        """
        arrays: list[np.ndarray] = []
        try:
            tree = np.frombuffer(json.dumps(encoded(value, arrays)).encode(), dtype=np.uint8)
            self._write(self._path(key), {_TREE: tree} | {f"a{place}": array for place, array in enumerate(arrays)})
            self._trim(newest=self._path(key))
        except (OSError, ValueError, DomainsError) as error:
            _LOG.warning("A result was not kept on disk: %s", error)

    def _path(self, key: str) -> Path:
        return self.folder / (hashlib.sha256(f"{METHOD_VERSION} {key}".encode()).hexdigest()[:32] + ".npz")

    def _write(self, path: Path, contents: dict[str, np.ndarray]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **contents)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)

    def _trim(self, newest: Path) -> None:
        found = sorted(
            ((path.stat(), path) for path in self.folder.glob("*.npz")), key=lambda item: item[0].st_mtime_ns
        )
        excess = sum(status.st_size for status, _ in found) - self._max_bytes
        for status, path in found:
            if excess > 0 and path != newest:
                path.unlink(missing_ok=True)
                excess -= status.st_size
