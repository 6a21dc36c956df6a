"""Counts made comparable between spots."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from core.evaluation.quality import gene_counts
from core.sample import Expression
from core.side_by_side import by_blocks


def log_normalised(counts: Expression, *, logged: bool = False) -> Expression:
    """log(1 + counts per median library size), so that sequencing depth does not resemble a layer.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    logged : bool
        Whether these are logarithms already; then they stay as they are.

    Returns
    -------
    ndarray or csr_array of shape (n_spots, n_genes), float64
        Sparse where the counts are. Spots without counts stay 0.
    """
    return log_normalised_together([counts], 1.0, [logged])[0]


def log_normalised_gene(counts: Expression, gene: int, *, logged: bool = False) -> np.ndarray:
    """Take one column of :func:`log_normalised`, without making the others.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
    gene : int
        Its column.
    logged : bool
        Whether these are logarithms already.

    Returns
    -------
    ndarray of shape (n_spots,), float64
    """
    if logged:
        return np.asarray(gene_counts(counts, gene), dtype=np.float64)
    library = library_sizes(counts)
    return np.asarray(np.log1p(gene_counts(counts, gene) * (_median(library) / np.maximum(library, 1.0))))


def log_normalised_together(
    sections: Sequence[Expression], scale: float = 1.0, logged: Sequence[bool] | None = None
) -> list[Expression]:
    """Normalise several sections by the median library size of all their spots, so that a count means the same in each.

    Parameters
    ----------
    sections : sequence of ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Not modified.
    scale : float
        Normalised counts are multiplied by it before the logarithm: a small one leaves them nearly linear, a large one makes
        nearly log-ratios of them.
    logged : sequence of bool, optional
        Which sections hold logarithms of normalised counts already; none by default.

    Returns
    -------
    list of ndarray or csr_array
        As :func:`log_normalised` gives, for each section.
    """
    known = [False] * len(sections) if logged is None else logged
    libraries = [library_sizes(counts) for counts, is_log in zip(sections, known, strict=True) if not is_log]
    median = _median(np.concatenate(libraries)) if libraries else 1.0
    factors = iter([scale * median / np.maximum(own, 1.0) for own in libraries])
    return [
        _scaled_log(counts, scale) if is_log else log_scaled(counts, next(factors))
        for counts, is_log in zip(sections, known, strict=True)
    ]


def _scaled_log(logs: Expression, scale: float) -> Expression:
    """Logarithms as they are, or at another scale of what they are of."""
    values = (logs.data if sparse.issparse(logs) else logs).astype(np.float64)
    if scale != 1.0:
        values = np.log1p(scale * np.expm1(values))
    return sparse.csr_array((values, logs.indices, logs.indptr), shape=logs.shape) if sparse.issparse(logs) else values


def log_scaled(counts: Expression, factor: np.ndarray) -> Expression:
    """log(1 + counts times a factor of each spot).

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    factor : ndarray of shape (n_spots,)

    Returns
    -------
    ndarray or csr_array of shape (n_spots, n_genes), float64
        Sparse where the counts are.
    """
    if sparse.issparse(counts):
        values, begins = np.empty(len(counts.data)), counts.indptr

        def take_logs(rows: slice) -> None:
            entries = slice(begins[rows.start], begins[rows.stop])
            scaled = counts.data[entries] * np.repeat(factor[rows], np.diff(begins[rows.start : rows.stop + 1]))
            np.log1p(scaled, out=values[entries])

        by_blocks(take_logs, counts.shape[0])
        return sparse.csr_array((values, counts.indices, counts.indptr), shape=counts.shape)  # indices are shared
    return np.log1p(counts * factor[:, None])


def library_sizes(counts: Expression) -> np.ndarray:
    """Sum the counts of each spot.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)

    Returns
    -------
    ndarray of shape (n_spots,), float64
    """
    return np.asarray(counts.sum(axis=1), dtype=np.float64)


def median_library(counts: Expression) -> float:
    """Find the counts that :func:`log_normalised` scales every spot to.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)

    Returns
    -------
    float
        Median of those that have any; 1 where none has.
    """
    return _median(library_sizes(counts))


def _median(library: np.ndarray) -> float:
    return float(np.median(library[library > 0])) if library.any() else 1.0
