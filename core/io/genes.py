"""Which genes are kept; counts alone decide, never an annotation."""

import numpy as np
from scipy import sparse

from core.errors import SampleError
from core.io.incoming import ImportChoices

MIN_SHARE = 0.1
"""The lab's rule: a gene is kept if at least this share of spots has a count of it."""


def chosen(counts: sparse.csr_array, choices: ImportChoices) -> np.ndarray:
    """Choose genes as an import asks for.

    Parameters
    ----------
    counts : csr_array of shape (n_spots, n_genes)
        Raw counts without stored zeros. Not modified.
    choices : ImportChoices
        `genes` and `n_genes` count.

    Returns
    -------
    ndarray of shape (n_chosen,), int
        Column numbers, rising.

    Raises
    ------
    SampleError
        If no gene is left.
    """
    if choices.genes == "all":
        return np.arange(counts.shape[1])
    if choices.genes == "variable":
        return most_variable(counts, choices.n_genes)
    n_spots_with = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(n_spots_with >= MIN_SHARE * counts.shape[0])
    if not len(kept):
        raise SampleError(
            f"None of the {counts.shape[1]} genes has counts in at least {MIN_SHARE:.0%} of the {counts.shape[0]} spots: keep "
            "the most variable genes, or all."
        )
    return kept


def most_variable(counts: sparse.csr_array, n_top: int) -> np.ndarray:
    """Choose the genes that vary more than genes of their abundance do.

    Each gene's counts are standardised with the standard deviation that the trend over all genes expects at its
    mean, clipped at sqrt(n_spots), and the genes with the largest variance of these values are kept.

    Parameters
    ----------
    counts : csr_array of shape (n_spots, n_genes)
        Raw counts. Not modified.
    n_top : int
        How many genes to keep; all are kept if there are fewer.

    Returns
    -------
    ndarray of shape (min(n_top, n_genes),), int
        Column numbers, rising.

    Notes
    -----
    The rule is `vst` of Seurat 3 (Stuart et al. 2019, doi 10.1016/j.cell.2019.05.031), which scanpy calls
    `seurat_v3`, with a quadratic in place of the local regression: it needs no further package and is the same on
    every machine. Ties keep the order of the genes. The plain variance would follow abundance, and leave out most
    published layer markers.
    """
    scores = _standardised_variance(counts.astype(np.float64).tocsc())
    return np.sort(np.argsort(-scores, kind="stable")[:n_top])


def _standardised_variance(counts: sparse.csc_array) -> np.ndarray:
    n_spots, n_genes = counts.shape
    mean = counts.sum(axis=0) / n_spots
    expected_sd = _expected_sd(mean, _variance(counts, mean))
    gene_of_value = np.repeat(np.arange(n_genes), np.diff(counts.indptr))
    clipped = np.minimum(counts.data, (mean + expected_sd * np.sqrt(n_spots))[gene_of_value])
    total = np.bincount(gene_of_value, clipped, n_genes)
    total_of_squares = np.bincount(gene_of_value, clipped**2, n_genes)
    # Zeros are not stored; written out, the sum of (value - mean)^2 counts them too.
    squares = n_spots * mean**2 + total_of_squares - 2 * mean * total
    variance: np.ndarray = np.divide(
        squares, (n_spots - 1) * expected_sd**2, out=np.zeros(n_genes), where=expected_sd > 0
    )
    return variance


def _variance(counts: sparse.csc_array, mean: np.ndarray) -> np.ndarray:
    n_spots = counts.shape[0]
    return np.asarray((counts.multiply(counts).sum(axis=0) / n_spots - mean**2) * n_spots / (n_spots - 1))


def _expected_sd(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Read a gene's standard deviation off the trend over all genes; 0 for genes that never vary."""
    varies = variance > 0
    log_mean = np.log10(mean[varies])
    trend = np.polynomial.Polynomial.fit(log_mean, np.log10(variance[varies]), deg=2)
    expected = np.zeros_like(mean)
    expected[varies] = np.sqrt(10.0 ** trend(log_mean))
    return expected
