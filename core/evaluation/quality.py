"""What to check in a section before clustering: counts, genes, one gene, and the labels of selected spots.

Arrays in, arrays out. Dense and CSR expression give the same figures.
"""

from collections.abc import Mapping

import numpy as np

from core.sample import Expression


def counts_per_spot(expression: Expression) -> np.ndarray:
    """Add up each spot's counts.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)

    Returns
    -------
    ndarray of shape (n_spots,), float
    """
    return np.asarray(expression.sum(axis=1), dtype=float).ravel()


def genes_per_spot(expression: Expression) -> np.ndarray:
    """Count the genes that each spot has counts of.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    if isinstance(expression, np.ndarray):
        return np.count_nonzero(expression, axis=1)
    return np.bincount(expression.nonzero()[0], minlength=expression.shape[0])


def gene_counts(expression: Expression, gene: int) -> np.ndarray:
    """Take one gene's counts.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
    gene : int
        Its column.

    Returns
    -------
    ndarray of shape (n_spots,), float
    """
    column = expression[:, [gene]]
    dense = column if isinstance(column, np.ndarray) else column.toarray()
    return np.asarray(dense, dtype=float).ravel()


def composition(labels: np.ndarray, spots: np.ndarray | None = None) -> Mapping[str, int]:
    """Count the spots of each label.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), str
    spots : ndarray of int, optional
        Which spots to count; all by default.

    Returns
    -------
    dict of str to int
        Labels that occur, in alphabetical order.

    Examples
    --------
    >>> composition(np.array(["WM", "Layer1", "WM"]), np.array([0, 1]))
    {'Layer1': 1, 'WM': 1}
    """
    names, counts = np.unique(labels if spots is None else labels[spots], return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}
