"""Two simple peers, from NumPy, SciPy and scikit-learn alone: what a method that claims anything has to beat.

Nothing of `core` is used, so that no mistake there is shared.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

N_NEAREST = 26
"""Cells that are averaged, the cell itself among them."""

N_COMPONENTS = 20

_N_STARTS = 10


def smoothed_mixture(counts: Any, tissue_um: np.ndarray, n_clusters: int, seed: int) -> np.ndarray:
    """Average log counts over the nearest cells, and fit one tied Gaussian mixture to their components.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
    tissue_um : ndarray of shape (n_spots, 2)
    n_clusters, seed : int

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    n_spots = len(tissue_um)
    n_nearest = min(N_NEAREST, n_spots)
    nearest = cKDTree(tissue_um).query(tissue_um, k=n_nearest)[1].reshape(-1)
    rows = np.repeat(np.arange(n_spots), n_nearest)
    mean = sparse.csr_array((np.full(len(rows), 1 / n_nearest), (rows, nearest)), shape=(n_spots, n_spots))
    mixture = GaussianMixture(n_clusters, covariance_type="tied", random_state=seed)
    return np.asarray(mixture.fit_predict(_components(mean @ _log_counts(counts))))


def kmeans_without_space(counts: Any, tissue_um: np.ndarray, n_clusters: int, seed: int) -> np.ndarray:
    """Cluster components of log counts by k-means; where the spots lie plays no part.

    Parameters
    ----------
    counts : ndarray or csr_array of shape (n_spots, n_genes)
    tissue_um : ndarray of shape (n_spots, 2)
        Not used.
    n_clusters, seed : int

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    kmeans = KMeans(n_clusters, n_init=_N_STARTS, random_state=seed)
    return np.asarray(kmeans.fit_predict(_components(_log_counts(counts))))


PEERS: Mapping[str, Callable[[Any, np.ndarray, int, int], np.ndarray]] = {
    "20-line peer": smoothed_mixture,
    "k-means": kmeans_without_space,
}
"""By the name that tables show."""


def _log_counts(counts: Any) -> np.ndarray:
    """log(1 + counts) of libraries scaled to the median one; spots without counts stay 0."""
    dense = sparse.csr_array(counts).toarray().astype(np.float64)
    library = dense.sum(axis=1, keepdims=True)
    return np.log1p(dense * (np.median(library) / np.maximum(library, 1.0)))


def _components(values: np.ndarray) -> np.ndarray:
    n_components = min(N_COMPONENTS, min(values.shape) - 1)
    return np.asarray(PCA(n_components, svd_solver="arpack", random_state=0).fit_transform(values))
