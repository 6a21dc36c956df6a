"""What kind of values a matrix holds, judged from some whole rows: counts, what can be turned into counts again, or neither."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

Kind = Literal["counts", "restored", "normalised", "logarithms", "fractions", "flags", "ranks", "negative"]
"""`restored` are counts that were normalised, or whose logarithms were taken, and can be told exactly; `normalised` add up to the
same in every spot; `flags` are 0 and 1; `ranks` are whole numbers with one maximum in every spot."""

PREFERENCE: dict[Kind, int] = {
    "counts": 0, "restored": 1, "normalised": 2, "logarithms": 3, "fractions": 4, "flags": 5, "ranks": 6, "negative": 7,
}  # fmt: skip
"""Which kind is read first."""

BASES = (math.e, 2.0, 10.0)
"""Of logarithms of one plus a value."""

DIVISORS = (1, 2, 3, 4, 5, 6)
"""The smallest value of a spot is this many counts."""

SAME_TOTAL = 2e-3
"""Totals that vary by less, relative to their mean, are one."""

_MOST_OF_A_LOG = 25.0
_LEAST_ROWS = 10
_FEW_ONES = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What some rows show.

    Parameters
    ----------
    kind : Kind
    base : float, optional
        Of the logarithm, where values are logarithms of one plus something.
    """

    kind: Kind
    base: float | None = None


def judged(rows: sparse.csr_array) -> Verdict:
    """Judge whole rows of a matrix.

    Parameters
    ----------
    rows : csr_array of shape (n_rows, n_genes)
        Without stored zeros; finite.

    Returns
    -------
    Verdict
    """
    values = rows.data.astype(np.float64)
    if (values < 0).any():
        return Verdict(kind="negative")
    if is_whole(values).all():
        return Verdict(kind=_of_whole_numbers(rows))
    as_floats = sparse.csr_array((values, rows.indices, rows.indptr), shape=rows.shape)
    if values.max(initial=0) < _MOST_OF_A_LOG:
        for base in BASES:
            found = _undone(_powers(as_floats, base))
            if found is not None:
                return Verdict(kind=found, base=base)
    found = _undone(as_floats)
    if found is not None:
        return Verdict(kind=found)
    return Verdict(kind="logarithms" if values.max(initial=0) < _MOST_OF_A_LOG else "fractions")


def is_whole(values: np.ndarray) -> np.ndarray:
    """Say which values are whole numbers, to the last bit.

    Parameters
    ----------
    values : ndarray

    Returns
    -------
    ndarray of bool
    """
    return np.asarray(values == np.rint(values))


def nearly_whole(values: np.ndarray) -> np.ndarray:
    """Say which values are whole numbers but for what single precision loses.

    Parameters
    ----------
    values : ndarray
        Not negative.

    Returns
    -------
    ndarray of bool
    """
    return np.asarray(np.abs(values - np.rint(values)) <= 2e-3 + 5e-6 * values)


def powers(values: np.ndarray, base: float) -> np.ndarray:
    """Undo a logarithm of one plus a value.

    Parameters
    ----------
    values : ndarray
    base : float

    Returns
    -------
    ndarray of float64
    """
    return np.asarray(np.expm1(values.astype(np.float64) * np.log(base)))


def have_one_total(totals: np.ndarray) -> bool:
    """Whether all spots that have anything add up to the same.

    Parameters
    ----------
    totals : ndarray of shape (n_spots,)

    Returns
    -------
    bool
    """
    some = totals[totals > 0]
    return bool(len(some) >= _LEAST_ROWS and some.std() <= SAME_TOTAL * some.mean())


def _powers(rows: sparse.csr_array, base: float) -> sparse.csr_array:
    return sparse.csr_array((powers(rows.data, base), rows.indices, rows.indptr), shape=rows.shape)


def _of_whole_numbers(rows: sparse.csr_array) -> Kind:
    values = rows.data
    top = values.max(initial=0)
    if top <= 1:
        return "flags" if rows.nnz and _has_many(rows) else "counts"
    if not _has_many(rows):
        return "counts"
    highest = rows.max(axis=1).toarray().ravel()
    if (highest[highest > 0] == top).all():
        return "ranks"
    few_ones = float((values == 1).mean()) < _FEW_ONES
    return "normalised" if few_ones and have_one_total(_totals(rows)) else "counts"


def _has_many(rows: sparse.csr_array) -> bool:
    return int((np.diff(rows.indptr) > 1).sum()) >= _LEAST_ROWS


def _totals(rows: sparse.csr_array) -> np.ndarray:
    return np.asarray(rows.sum(axis=1), dtype=np.float64).ravel()


def _undone(rows: sparse.csr_array) -> Kind | None:
    """Say what values are once a logarithm is undone, if that makes sense of them."""
    if not _has_many(rows):
        return None
    if nearly_whole(rows.data).all() or _multiples(rows):
        return "restored"
    return "normalised" if have_one_total(_totals(rows)) else None


def _multiples(rows: sparse.csr_array) -> bool:
    """Whether the values of each row are multiples of one, its smallest or a part of it."""
    filled = np.flatnonzero(np.diff(rows.indptr))
    smallest = np.minimum.reduceat(rows.data, rows.indptr[filled])
    if (smallest <= 0).any():
        return False
    ratios = rows.data / np.repeat(smallest, np.diff(rows.indptr)[filled])
    fits = [np.logical_and.reduceat(nearly_whole(ratios * divisor), rows.indptr[filled]) for divisor in DIVISORS]
    # Rows of equal values fit anything.
    tells = int(np.add.reduceat(ratios > 1.001, rows.indptr[filled]).sum())
    return bool(np.logical_or.reduce(fits).all() and tells >= _LEAST_ROWS)
