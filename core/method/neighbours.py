"""Which spots are neighbours, and means over them."""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.coordinates import Coordinates, canonical_order
from core.method.compiled import fill_means
from core.method.products import product
from core.side_by_side import AT_ONCE

_N_NEIGHBOURS = 6  # of a spot on the Visium lattice, and as many off it
_LEVEL = 2  # more that may lie as far away as the sixth: on a grid of squares the corners are four
_AS_FAR = 1.001  # times the distance of the sixth: positions in single precision differ by less
_REACH = {True: 1.2, False: 3.0}  # spacings: on the lattice the second ring is left out, off it only far cells are
_ROWS = 65_536  # spots whose nearest are looked for at once
_MOST_ASKED = 256
_COLUMNS = 16  # of values that are averaged at once
_UM_DIGITS = 4  # distances are equal to a tenth of a nanometre


def neighbour_graph(coordinates: Coordinates) -> sparse.csr_array:
    """Link each spot with its nearest ones.

    Parameters
    ----------
    coordinates : Coordinates

    Returns
    -------
    csr_array of shape (n_spots, n_spots)
        1 between neighbours, both ways; nothing on the diagonal. On the lattice up to 6 neighbours; off it the 6 nearest with
        those that lie as far away as the sixth (8 on a grid of squares), and those that a spot is one of the nearest of.

    Notes
    -----
    The order of the spots changes nothing, unless more than 8 lie as near to one of them as its sixth.
    """
    spacing_um = np.sqrt(2 / np.sqrt(3) * coordinates.spot_um2)  # of hexagons of that area
    reach = _REACH[coordinates.on_lattice] * spacing_um
    order = canonical_order(coordinates.positions)
    spots, neighbours = _links(coordinates.tissue_um[order], reach)
    shape = (len(order), len(order))
    ends = tuple(order[index].astype(np.int32) for index in (spots, neighbours))  # half the memory
    links = sparse.csr_array((np.ones(len(spots)), ends), shape=shape)
    return sparse.csr_array(links.maximum(links.T))


def _links(tissue_um: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """List each spot beside each of its nearest ones, as two arrays of indices."""
    n_spots = len(tissue_um)
    n_asked = min(_N_NEIGHBOURS + 1 + _LEVEL, n_spots)
    asked = cKDTree(tissue_um).query(tissue_um, k=n_asked, distance_upper_bound=reach, workers=AT_ONCE)
    distances, found = (np.asarray(values).reshape(n_spots, n_asked) for values in asked)
    last = distances[:, min(_N_NEIGHBOURS, n_asked - 1), None]  # itself comes first
    linked = (found < n_spots) & (found != np.arange(n_spots)[:, None]) & (distances <= _AS_FAR * last)
    return np.nonzero(linked)[0], found[linked]


def in_order(graph: sparse.csr_array, order: np.ndarray) -> sparse.csr_array:
    """Renumber the spots of a graph.

    Parameters
    ----------
    graph : csr_array of shape (n_spots, n_spots)
    order : ndarray of shape (n_spots,), int
        The spot that was at `order[i]` comes to i.

    Returns
    -------
    csr_array of shape (n_spots, n_spots)
    """
    numbered = sparse.csr_array(graph[order][:, order])
    numbered.sort_indices()  # sums go through them in this order
    return numbered


def nearest_spots(coordinates: Coordinates, n_nearest: int = 10) -> np.ndarray:
    """Find each spot's nearest other spots, by a rule that does not depend on the order of a file.

    Parameters
    ----------
    coordinates : Coordinates
    n_nearest : int
        Fewer are given where spots are fewer.

    Returns
    -------
    ndarray of shape (n_spots, n_nearest), int32
        Nearest first. Among spots equally far away the one further up is taken first, then the one further left: on the
        lattice the ten nearest are the 6 of the first ring and the upper 4 of the 6 of the second. Only spots that share a
        position, or more than 255 at one distance, are ordered by their rows in the file.

    Notes
    -----
    Programs that sort distances leave such ties to the order of the file; on a file sorted from top to bottom and left to
    right a stable sort takes the same spots as here.
    """
    order = canonical_order(coordinates.positions)
    coords = coordinates.tissue_um[order]
    nearest = np.empty((len(coords), min(n_nearest, len(coords) - 1)), dtype=np.int32)
    if nearest.size == 0:
        return nearest
    tree = cKDTree(coords)
    for first in range(0, len(coords), _ROWS):
        rows = np.arange(first, min(first + _ROWS, len(coords)))
        nearest[order[rows]] = order[_nearest_of(tree, rows, nearest.shape[1], 2 * n_nearest + 4)]
    return nearest


def _nearest_of(tree: cKDTree, rows: np.ndarray, n_nearest: int, n_asked: int) -> np.ndarray:
    n_asked = min(n_asked, tree.n)
    distances, found = map(np.asarray, tree.query(tree.data[rows], k=range(1, n_asked + 1), workers=AT_ONCE))
    distances = distances.round(_UM_DIGITS)  # what is level on the lattice differs in the last digits
    reach = distances[:, -1].copy()
    distances[found == rows[:, None]] = np.inf
    ranks = np.lexsort((found, distances))[:, :n_nearest]
    nearest = np.take_along_axis(found, ranks, axis=1)
    # More spots than were searched may lie at the distance of the last one.
    cut_off = np.take_along_axis(distances, ranks, axis=1)[:, -1] == reach
    if cut_off.any() and n_asked < min(tree.n, _MOST_ASKED):
        nearest[cut_off] = _nearest_of(tree, rows[cut_off], n_nearest, min(4 * n_asked, _MOST_ASKED))
    return nearest


def mean_over_neighbours(graph: sparse.csr_array, *, own_weight: float) -> sparse.csr_array:
    """Make the matrix that replaces each spot's values by a mean over it and its neighbours.

    Parameters
    ----------
    graph : csr_array of shape (n_spots, n_spots)
        From :func:`neighbour_graph`; its indices sorted.
    own_weight : float
        Of the spot itself, where a neighbour weighs 1. A spot without neighbours keeps its values.

    Returns
    -------
    csr_array of shape (n_spots, n_spots)
        Rows sum to 1.
    """
    n_spots = graph.shape[0]
    n_filled = np.diff(graph.indptr)
    n_filled[(n_filled == 0) | (own_weight != 0)] += 1
    ends = np.concatenate(([0], np.cumsum(n_filled))).astype(graph.indptr.dtype)
    filled, weights = np.empty(ends[-1], dtype=graph.indices.dtype), np.empty(ends[-1])
    fill_means(graph.indptr, graph.indices, own_weight, ends, filled, weights)
    return sparse.csr_array((weights, filled, ends), shape=(n_spots, n_spots))


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
    return averaged_by(mean_over_neighbours(graph, own_weight=1.0), values, hops)


def averaged_by(smooth: sparse.csr_array, values: np.ndarray, hops: int, out: np.ndarray | None = None) -> np.ndarray:
    """Average each spot's values again and again, where the matrix that does it is known.

    Parameters
    ----------
    smooth : csr_array of shape (n_spots, n_spots)
        From :func:`mean_over_neighbours`.
    values : ndarray of shape (n_spots, n_features)
        Not modified.
    hops : int
        How often; 0 gives a copy.
    out : ndarray of shape (n_spots, n_features), optional
        Filled in, where there is one already; not `values`.

    Returns
    -------
    ndarray of shape (n_spots, n_features)
    """
    found = np.empty_like(values) if out is None else out
    if not hops:
        found[:] = values
        return found
    # A few columns at a time, since each step needs another copy; the last fills in what is asked for.
    between = [np.empty((len(values), min(_COLUMNS, values.shape[1]))) for _ in range(min(hops - 1, 2))]
    for first in range(0, values.shape[1], _COLUMNS):
        columns = slice(first, first + _COLUMNS)
        some = np.ascontiguousarray(values[:, columns])
        for hop in range(hops - 1):
            some = product(smooth, some, out=between[hop % 2][:, : some.shape[1]])
        product(smooth, some, out=found[:, columns])
    return found
