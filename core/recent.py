"""Memories of bounded length: what was used longest ago is let go of first."""

from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def with_latest(entries: Mapping[K, V], key: K, value: V, most: int) -> dict[K, V]:
    """Put an entry last, and leave out the oldest of more than `most`.

    Parameters
    ----------
    entries : mapping
        The oldest first. Not modified.
    key, value : object
    most : int
        At least 1.

    Returns
    -------
    dict

    Examples
    --------
    >>> with_latest({"a": 1, "b": 2}, "a", 3, 2)
    {'b': 2, 'a': 3}
    >>> with_latest({"a": 1, "b": 2}, "c", 3, 2)
    {'b': 2, 'c': 3}
    """
    others = [(known, kept) for known, kept in entries.items() if known != key]
    return dict([*others[max(0, len(others) + 1 - most) :], (key, value)])
