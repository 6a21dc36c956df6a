"""A cache of steps with a budget of bytes, shared by threads."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache

T = TypeVar("T")

_OVERHEAD = 1024  # bytes counted for keys and small objects


class StepCache:
    """Keeps the results of steps by key; the least recently used go first when the budget is full.

    Parameters
    ----------
    max_bytes : int
        Budget for all values together. A value larger than that is not kept.
    """

    def __init__(self, max_bytes: int = 512 * 2**20) -> None:
        self._values: LRUCache[str, Any] = LRUCache(max_bytes, getsizeof=_size)
        self._lock = threading.Lock()

    def get(self, key: str, compute: Callable[[], T]) -> T:
        """Look a value up, or compute and keep it.

        Parameters
        ----------
        key : str
        compute : callable
            Called without the lock: two threads that ask at once may both compute.

        Returns
        -------
        object
            Arrays come back read-only, since every caller gets the same one.
        """
        with self._lock:
            if key in self._values:
                found: T = self._values[key]
                return found
        value = compute()
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        with self._lock:
            if _size(value) <= self._values.maxsize:
                self._values[key] = value
        return value

    def __contains__(self, key: str) -> bool:
        with self._lock:
            return key in self._values

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        with self._lock:
            return int(self._values.currsize)


def _size(value: Any) -> int:
    return int(getattr(value, "nbytes", 0)) + _OVERHEAD
