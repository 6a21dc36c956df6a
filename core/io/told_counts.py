"""Counts of a matrix in memory, told from normalised values or their logarithms, as `core.io.h5ad.counts` does of a file."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io.h5ad.kinds import Kind, Verdict, is_whole, judged
from core.io.h5ad.undoing import undoing
from core.io.incoming import Check
from core.io.tabular.text import as_counts

_N_JUDGED = 500  # rows
_VALUES_AT_ONCE = 4_000_000
_NEGATIVE = "The matrix holds negative values: it was scaled or centred. Give the counts."


def told(counts: sparse.csr_array) -> tuple[sparse.csr_array, Kind]:
    """Turn normalised values and logarithms into counts, where these can be told exactly.

    Parameters
    ----------
    counts : csr_array of shape (n_spots, n_genes)
        All genes that were measured; without stored zeros.

    Returns
    -------
    csr_array of shape (n_spots, n_genes)
        The same where it holds counts, or nothing is known of what it holds.
    Kind
        What came out.

    Raises
    ------
    SampleFileError
        If values are negative.
    """
    values = counts.data
    if values.dtype.kind != "f" or not np.isfinite(values).all():  # the sample's own checks say what is not finite
        return counts, "counts"
    found = _judged(counts)
    if found.kind == "counts":
        return counts, "counts"
    if found.kind == "negative" or values.min(initial=0) < 0:
        raise SampleFileError(_NEGATIVE)
    undo = undoing(lambda: _blocks(counts), counts.shape[0], found)
    if not undo.changes:
        return counts, undo.kind
    changed = np.concatenate([undo.values(spot, value) for spot, value in _blocks(counts)])
    return sparse.csr_array((as_counts(changed), counts.indices, counts.indptr), shape=counts.shape), undo.kind


def _judged(counts: sparse.csr_array) -> Verdict:
    """Judge rows from the beginning and from the middle; whole numbers there do not speak for all others."""
    middle = max(counts.shape[0] // 2, _N_JUDGED)
    some = [counts[:_N_JUDGED], counts[middle : middle + _N_JUDGED]]
    found = judged(sparse.csr_array(sparse.vstack(some, format="csr")))
    if is_whole(counts.data).all():
        # A panel of instruments may well hold only 0 and 1.
        return found if found.kind in ("normalised", "negative") else Verdict(kind="counts")
    return found if found.kind not in ("counts", "flags", "ranks") else Verdict(kind="fractions")


def _blocks(counts: sparse.csr_array) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    lengths, ends = np.diff(counts.indptr), counts.indptr
    first = 0
    while first < len(lengths):
        fitting = int(np.searchsorted(ends, ends[first] + _VALUES_AT_ONCE, side="right")) - 1
        last = min(max(first + 1, fitting), len(lengths))
        yield np.repeat(np.arange(first, last), lengths[first:last]), counts.data[ends[first] : ends[last]]
        first = last


def values_check(values: np.ndarray) -> Check | None:
    """Say of some values of a matrix that they are no counts.

    Parameters
    ----------
    values : ndarray
        Some of them, before counts are read.

    Returns
    -------
    Check or None
        None where they are whole numbers.
    """
    if (values < 0).any():
        return Check(what="Counts", found=_NEGATIVE, status="bad")
    if is_whole(values[np.isfinite(values)]).all():
        return None
    return Check(
        what="Counts",
        found="Not whole numbers: normalised expression or logarithms of it, it seems.",
        status="notice",
        advice="Counts are restored where they can be told exactly. Give the raw counts if you can: the method was made for counts.",
    )
