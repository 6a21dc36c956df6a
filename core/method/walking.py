"""Random walkers that stop at known spots: several right sides of one symmetric system, solved side by side."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from core.method.products import product

_MOST_ROUNDS = 10_000


def solved(
    matrix: sparse.csr_array, right: np.ndarray, start: np.ndarray, tolerance: float, begins: np.ndarray | None = None
) -> np.ndarray:
    """Solve a symmetric positive definite system for several right sides.

    Parameters
    ----------
    matrix : csr_array of shape (n, n)
    right, start : ndarray of shape (n, n_sides)
        Right sides, and where the search for their solutions begins.
    tolerance : float
        Of each side's residual, in lengths of the right side.
    begins : ndarray of shape (n_groups,), int, optional
        First row of each group of rows whose solutions are alike; the first is 0. Groups change nothing but how soon a solution is
        found: what lies far from known spots takes many steps from row to row, and few from group to group.

    Returns
    -------
    ndarray of shape (n, n_sides)

    Notes
    -----
    Conjugate gradients (Hestenes and Stiefel 1952, doi 10.6028/jres.049.044) of the system scaled to a diagonal of ones, for all
    sides at once: reading the matrix takes most of the time, and so it is read once for all. Each step is corrected by the
    solution between groups (Nicolaides 1987, doi 10.1137/0724027).
    """
    scale = 1 / np.sqrt(matrix.diagonal())[:, None]
    scaled = _scaled(matrix, scale[:, 0])
    corrected = _between_groups(matrix, 1 / scale, np.zeros(1, dtype=np.int64) if begins is None else begins)
    found = np.ascontiguousarray(start / scale)
    mapped = product(scaled, found)
    residual = right * scale - mapped
    enough = tolerance**2 * _products(right * scale, right * scale)
    along = corrected(residual)
    ahead = _products(residual, along)
    for _ in range(_MOST_ROUNDS):
        if (_products(residual, residual) <= enough).all():
            break
        product(scaled, along, out=mapped)
        step = ahead / np.maximum(_products(along, mapped), np.finfo(float).tiny)
        found += step * along
        mapped *= step
        residual -= mapped
        turned = corrected(residual)
        ahead, before = _products(residual, turned), ahead
        along *= ahead / np.maximum(before, np.finfo(float).tiny)
        along += turned
    return np.asarray(found * scale)


def _scaled(matrix: sparse.csr_array, scale: np.ndarray) -> sparse.csr_array:
    values = matrix.data * np.repeat(scale, np.diff(matrix.indptr)) * scale[matrix.indices]
    return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def _between_groups(
    matrix: sparse.csr_array, width: np.ndarray, begins: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Make what adds to a residual the solution in which each group is of one value."""
    sizes = np.diff(begins, append=matrix.shape[0])
    group, n_groups = np.repeat(np.arange(len(sizes)), sizes), len(sizes)
    pairs = np.repeat(group * n_groups, np.diff(matrix.indptr)) + group[matrix.indices]
    between = np.bincount(pairs, weights=matrix.data, minlength=n_groups**2).reshape(n_groups, n_groups)
    inverse = np.linalg.inv(between)

    def corrected(residual: np.ndarray) -> np.ndarray:
        steps = inverse @ np.add.reduceat(residual * width, begins)
        return np.asarray(residual + np.repeat(steps, sizes, axis=0) * width)

    return corrected


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->j", one, other)
