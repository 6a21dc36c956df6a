"""A cache with a budget of bytes, shared by threads, for steps and other large values.

It knows only the `nbytes` of a value; of sparse matrices, which have none, those of the parts.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache, cached
from scipy import sparse

from core.errors import ParameterError

T = TypeVar("T")

DEFAULT_BYTES = 512 * 2**20
"""Default budget."""

_OVERHEAD = 1024  # bytes counted for keys and small objects


class StepCache:
    """Keeps the results of steps by key; the least recently used go first when the budget is full.

    Parameters
    ----------
    max_bytes : int
        Budget for all values together. A value larger than that is not kept.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._values: LRUCache[str, Any] = LRUCache(max_bytes, getsizeof=_size)
        self._changed = threading.Condition()
        self._get = cached(self._values, key=lambda key, _: key, condition=self._changed)(_computed)

    def get(self, key: str, compute: Callable[[], T]) -> T:
        """Look up a value, or compute and keep it.

        Parameters
        ----------
        key : str
        compute : callable
            May ask for other keys. Of several threads that ask for one key at once, one computes and the others wait for it;
            a value larger than the budget is not kept, so each of them computes it after the other.

        Returns
        -------
        object
            Arrays come back read-only, since every caller gets the same one.
        """
        found: T = self._get(key, compute)
        return found

    def share(self, key: str, compute: Callable[[], T], *, bulky: bool = False) -> T:
        """Look up a step that other processes may need, too; a cache that shares nothing does as :meth:`get`.

        Parameters
        ----------
        key : str
        compute : callable
            As for :meth:`get`.
        bulky : bool
            Whether the value is quickly made but large.
        """
        del bulky  # matters only to caches that share
        return self.get(key, compute)

    def __contains__(self, key: str) -> bool:
        with self._changed:
            return key in self._values

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        with self._changed:
            return int(self._values.currsize)


def _computed(_: str, compute: Callable[[], T]) -> T:
    value = compute()
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def budget_bytes(text: str | None) -> int:
    """Read a budget as an environment variable gives it.

    Parameters
    ----------
    text : str or None
        Whole number of MiB, such as `512`; None or nothing for the default.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    ParameterError
        If that is not a whole number above 0.
    """
    if not text:
        return DEFAULT_BYTES
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ParameterError(f"`SPCA_CACHE_MB` is {text!r}, but must be a whole number of MiB above 0, such as 512.")
    return int(text) * 2**20


def _size(value: Any) -> int:
    if isinstance(value, sparse.csr_array):
        return sum(int(part.nbytes) for part in (value.data, value.indices, value.indptr)) + _OVERHEAD
    if isinstance(value, list | tuple):
        return sum(map(_size, value)) + _OVERHEAD
    n_bytes = len(value) if isinstance(value, bytes) else getattr(value, "nbytes", 0)
    return int(n_bytes) + _OVERHEAD
