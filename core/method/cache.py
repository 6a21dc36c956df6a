"""A cache with a budget of bytes, shared by threads, for steps and other large values.

It knows only the `nbytes` of a value; of sparse matrices, which have none, those of the parts.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from cachetools import Cache, cached
from scipy import sparse

from core import memory
from core.errors import ParameterError

T = TypeVar("T")

DEFAULT_BYTES = 512 * 2**20
"""Default budget of a process that makes runs; see :func:`budget_bytes` for that of a server."""

_MOST_BYTES = 4 * 2**30  # of a server, where nobody asks for another budget
_SHARE_OF_MEMORY = 1 / 8
_OVERHEAD = 1024  # bytes counted for keys and small objects
_SMALL = 1 / 32  # of the budget: a value up to that size is small
_FOR_SMALL = 1 / 4  # of the budget, from which no large value drives small ones out


class _SmallLast(Cache[str, Any]):
    """Drops the least recently used large value, and a small one only while these take more than their share.

    Labels and what was decided for a tissue take minutes to compute and hardly any room; arrays between two steps take most of it.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=_size)
        self._small: OrderedDict[str, int] = OrderedDict()  # bytes, those used longest ago first
        self._large: OrderedDict[str, int] = OrderedDict()

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        self._group_of(key).move_to_end(key)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)  # drops others until there is room, or raises
        size = _size(value)
        for group in (self._small, self._large):
            group.pop(key, None)
        (self._small if size <= _SMALL * self.maxsize else self._large)[key] = size

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._group_of(key).pop(key)

    def popitem(self) -> tuple[str, Any]:
        """Drop one value, to make room."""
        too_many_small = sum(self._small.values()) > _FOR_SMALL * self.maxsize
        group = self._small if too_many_small or not self._large else self._large
        if not group:
            raise KeyError("The cache is empty.")
        key = next(iter(group))
        value = super().__getitem__(key)
        del self[key]
        return key, value

    def _group_of(self, key: str) -> "OrderedDict[str, int]":
        return self._small if key in self._small else self._large


class StepCache:
    """Keeps the results of steps by key; when the budget is full, large ones go before small ones, the least recently used first.

    Parameters
    ----------
    max_bytes : int
        Budget for all values together. A value larger than that is not kept. Values of up to 1/32 of it are small, and large ones
        never take the quarter that is theirs.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._values = _SmallLast(max_bytes)
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
    """Read a server's budget as an environment variable gives it.

    Parameters
    ----------
    text : str or None
        Whole number of MiB, such as `512`; None or nothing for an eighth of the memory of the machine or its container, but at
        least 512 MiB and at most 4 GiB.

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
        return min(max(DEFAULT_BYTES, int(_SHARE_OF_MEMORY * memory.total_bytes())), _MOST_BYTES)
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
