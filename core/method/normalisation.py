"""Counts made comparable between spots."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from core.evaluation.quality import gene_counts
from core.sample import Expression


def log_normalised(counts: Expression) -> Expression:
    """log(1 + counts per median library size), so that sequencing depth does not resemble a layer.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.

    Returns
    -------
    ndarray or csr_array of shape (n_spots, n_genes), float64
        Sparse where the counts are. Spots without counts stay 0.
    """
    return log_normalised_together([counts])[0]


def log_normalised_gene(counts: Expression, gene: int) -> np.ndarray:
    """Take one column of :func:`log_normalised`, without making the others.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
    gene : int
        Its column.

    Returns
    -------
    ndarray of shape (n_spots,), float64
    """
    library = library_sizes(counts)
    return np.asarray(np.log1p(gene_counts(counts, gene) * (_median(library) / np.maximum(library, 1.0))))


def log_normalised_together(sections: Sequence[Expression], scale: float = 1.0) -> list[Expression]:
    """Normalise several sections by the median library size of all their spots, so that a count means the same in each.

    Parameters
    ----------
    sections : sequence of ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Not modified.
    scale : float
        Normalised counts are multiplied by it before the logarithm: a small one leaves them nearly linear, a large one makes
        nearly log-ratios of them.

    Returns
    -------
    list of ndarray or csr_array
        As :func:`log_normalised` gives, for each section.
    """
    libraries = [library_sizes(counts) for counts in sections]
    median = _median(np.concatenate(libraries))
    return [
        _log(counts, scale * median / np.maximum(own, 1.0)) for counts, own in zip(sections, libraries, strict=True)
    ]


def _log(counts: Expression, factor: np.ndarray) -> Expression:
    if sparse.issparse(counts):
        values = counts.data * np.repeat(factor, np.diff(counts.indptr))
        np.log1p(values, out=values)
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
