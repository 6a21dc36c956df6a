"""Spatial factors: the directions of expression that change smoothly over the tissue, measured against noise.

Principal components of log counts are turned so that the first factor differs least between neighbours for how much it varies
over the tissue, and so on; each is scaled to the noise between neighbours. In the words of remote sensing this is the minimum
noise fraction (Green et al. 1988, doi 10.1109/36.3001), in those of morphometry, maximum autocorrelation factors.
"""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh

from core.errors import ParameterError
from core.method.lattice import canonical_order
from core.method.neighbours import mean_over_neighbours, neighbour_graph
from core.method.normalisation import log_normalised
from core.method.threads import one_thread
from core.places import Places
from core.sample import Expression

N_COMPONENTS = 50
"""Principal components that factors are made of."""

_SIGNAL_HOPS = 3  # what is left after averaging so often counts as signal
_EXACT_UP_TO = 3000  # genes for which the eigenvectors of the whole covariance are quick
_ROWS = 4096  # rows made dense at once
_EXTRA_DIRECTIONS = 14
_ROUNDS = 4
_RIDGE = 1e-9  # of the mean variance: keeps the noise invertible


def spatial_factors(expression: Expression, places: Places, n_factors: int, hops: int) -> np.ndarray:
    """Find the directions of expression that stand out most from the noise between neighbours.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Never made dense as a whole where they are sparse. Not modified.
    places : Places
    n_factors : int
        Fewer are given where spots or genes are fewer.
    hops : int
        How often each spot's factors are averaged with its neighbours'.

    Returns
    -------
    ndarray of shape (n_spots, n_factors)
        In standard deviations of the noise between neighbours, strongest first; centred. The sign of a factor means nothing.

    Raises
    ------
    ParameterError
        If there are fewer than 3 spots or 2 genes.

    Notes
    -----
    Works through the spots in an order fixed by their positions, on one thread: the same tissue gives the same factors,
    however its file is sorted and however many processors there are.
    """
    if expression.shape[0] < 3 or expression.shape[1] < 2:
        raise ParameterError(
            f"{expression.shape[0]} spots and {expression.shape[1]} genes are too few for spatial factors: choose another "
            "embedding."
        )
    order = canonical_order(places.positions)
    with one_thread():
        components = leading_components(log_normalised(expression[order]), N_COMPONENTS)
        factors = np.empty((len(order), min(n_factors, components.shape[1])))
        factors[order] = _turned(components, neighbour_graph(places[order]), n_factors, hops)
    return factors


def leading_components(values: Expression, n_components: int) -> np.ndarray:
    """Project onto the first principal components, without a dense copy of sparse values.

    Parameters
    ----------
    values : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    n_components : int
        Fewer are given where spots or genes are fewer.

    Returns
    -------
    ndarray of shape (n_spots, n_components)
        Centred.
    """
    mean, directions = leading_directions(values, n_components)
    return np.asarray(values @ directions - mean @ directions)


def leading_directions(values: Expression, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the mean and the first principal directions, without a dense copy of sparse values.

    Parameters
    ----------
    values : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    n_components : int
        Fewer are given where spots or genes are fewer.

    Returns
    -------
    mean : ndarray of shape (n_genes,)
    directions : ndarray of shape (n_genes, n_components)
        Orthonormal columns, strongest first.
    """
    n_components = min(n_components, values.shape[0] - 1, values.shape[1])
    mean = np.asarray(values.mean(axis=0)).ravel()
    if values.shape[1] <= _EXACT_UP_TO:
        return mean, np.linalg.eigh(_covariance(values, mean))[1][:, ::-1][:, :n_components]
    return mean, _randomised_directions(values, mean, n_components)


def _covariance(values: Expression, mean: np.ndarray) -> np.ndarray:
    total = np.zeros((len(mean), len(mean)))
    for first in range(0, values.shape[0], _ROWS):
        block = values[first : first + _ROWS]
        centred = (block.toarray() if sparse.issparse(block) else block) - mean
        total += centred.T @ centred
    return total


def _randomised_directions(values: Expression, mean: np.ndarray, n_components: int) -> np.ndarray:
    """Halko, Martinsson and Tropp 2011 (doi 10.1137/090771806): rounds of multiplying and orthogonalising."""
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((len(mean), min(n_components + _EXTRA_DIRECTIONS, *values.shape)))
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(_squared_product(values, mean, basis))[0]
    projected = values @ basis - mean @ basis
    inner = np.linalg.eigh(projected.T @ projected)[1][:, ::-1][:, :n_components]
    return np.asarray(basis @ inner)


def _squared_product(values: Expression, mean: np.ndarray, basis: np.ndarray) -> np.ndarray:
    projected = values @ basis - mean @ basis
    return np.asarray(values.T @ projected - np.outer(mean, projected.sum(axis=0)))


def _turned(components: np.ndarray, graph: sparse.csr_array, n_factors: int, hops: int) -> np.ndarray:
    factors = averaged(components @ noise_scaled_directions(components, graph)[:, :n_factors], graph, hops)
    return np.asarray(factors - factors.mean(axis=0))


def noise_scaled_directions(components: np.ndarray, graph: sparse.csr_array) -> np.ndarray:
    """Turn components so that signal stands out from noise, and scale them to the noise.

    Parameters
    ----------
    components : ndarray of shape (n_spots, n_components)
        Centred. Not modified.
    graph : csr_array of shape (n_spots, n_spots)
        Of neighbours.

    Returns
    -------
    ndarray of shape (n_components, n_components)
        Columns, strongest first: `components @ directions` differ from the means of their neighbours by unit variance.
    """
    smooth = mean_over_neighbours(graph, own_weight=1.0)
    noise = components - mean_over_neighbours(graph, own_weight=0.0) @ components
    signal = _averaged(components, smooth, _SIGNAL_HOPS)
    signal -= signal.mean(axis=0)
    noise_squares = noise.T @ noise
    noise_squares[np.diag_indices_from(noise_squares)] += _RIDGE * max(np.square(components).sum(), 1e-300)
    # eigh scales to unit sums of squares of noise; times sqrt(n_spots) that is unit variance.
    return np.asarray(eigh(signal.T @ signal, noise_squares)[1][:, ::-1] * np.sqrt(len(components)))


def averaged(values: np.ndarray, graph: sparse.csr_array, hops: int) -> np.ndarray:
    """Average each spot's values with its neighbours', again and again.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_features)
        Not modified.
    graph : csr_array of shape (n_spots, n_spots)
        Of neighbours.
    hops : int
        How often; 0 gives a copy.

    Returns
    -------
    ndarray of shape (n_spots, n_features)
    """
    return _averaged(values, mean_over_neighbours(graph, own_weight=1.0), hops)


def _averaged(values: np.ndarray, smooth: sparse.csr_array, hops: int) -> np.ndarray:
    for _ in range(hops):
        values = smooth @ values
    return values.copy()
