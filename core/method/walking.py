"""Random walkers that stop at known spots: several right sides of one symmetric system, solved side by side."""

import numpy as np
from scipy import sparse

from core.method.products import product

_MOST_ROUNDS = 10_000


def solved(matrix: sparse.csr_array, right: np.ndarray, start: np.ndarray, tolerance: float) -> np.ndarray:
    """Solve a symmetric positive definite system for several right sides.

    Parameters
    ----------
    matrix : csr_array of shape (n, n)
    right, start : ndarray of shape (n, n_sides)
        Right sides, and where the search for their solutions begins.
    tolerance : float
        Of each side's residual, in lengths of the right side.

    Returns
    -------
    ndarray of shape (n, n_sides)

    Notes
    -----
    Conjugate gradients (Hestenes and Stiefel 1952, doi 10.6028/jres.049.044) of the system scaled to a diagonal of ones, for all
    sides at once: reading the matrix takes most of the time, and so it is read once for all.
    """
    scale = 1 / np.sqrt(matrix.diagonal())[:, None]
    scaled = _scaled(matrix, scale[:, 0])
    found = np.ascontiguousarray(start / scale)
    mapped = product(scaled, found)
    residual = right * scale - mapped
    along, left = residual.copy(), _squares(residual)
    enough = tolerance**2 * _squares(right * scale)
    for _ in range(_MOST_ROUNDS):
        if (left <= enough).all():
            break
        product(scaled, along, out=mapped)
        step = left / np.maximum(np.einsum("ij,ij->j", along, mapped), np.finfo(float).tiny)
        found += step * along
        mapped *= step
        residual -= mapped
        left, before = _squares(residual), left
        along *= left / np.maximum(before, np.finfo(float).tiny)
        along += residual
    return np.asarray(found * scale)


def _scaled(matrix: sparse.csr_array, scale: np.ndarray) -> sparse.csr_array:
    values = matrix.data * np.repeat(scale, np.diff(matrix.indptr)) * scale[matrix.indices]
    return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def _squares(columns: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->j", columns, columns)
