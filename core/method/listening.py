"""Spots that listen to those like them, in the tissue and in expression, as a random walker does.

What domains spots have is then what they and those like them say together: painted spots, where people guide (`core.method.guided`),
or the fits of a consensus, where nobody does (`core.method.settling`).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.neighbors import kneighbors_graph

from core.method.walking import solved

DEPTH_WIDTH = 4.0
"""Of depth between neighbours, in widths of the strongest factor: along layers a walker goes far, across them it does not."""

_N_COMPARED = 6  # strongest factors, and strongest components, by which neighbours in expression are found
_N_NEAREST = 12  # neighbours in expression
_BY_FACTORS = 0.5  # what a neighbour in expression counts, where one in the tissue counts 1
_BY_COMPONENTS = 1.0  # the same, where both are compared by components
_COMPONENTS_SHARE = 2.0  # what neighbours compared by components count, where those compared by factors count 1
_LEAST_LINK = 1e-4  # so that nobody is cut off
_N_ALIKE = 256  # with twice as many a search takes as many steps, and each of them longer
_TOLERANCE = 1e-5  # of shares: with 1e-4, a fifth sooner, one label of 10,000 was another
_LEAST_WEIGHT = 1e-3  # of expression: at 0 depth alone would count, and be infinitely wide


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listening:
    """Which spots listen to which.

    Parameters
    ----------
    links : csr_array of shape (n_spots, n_spots)
        How strongly spots listen to each other, both ways.
    alike : ndarray of shape (n_spots,), int16
        Number of the few hundred spots that each is most like: between such groups a walker is followed first.
    """

    links: sparse.csr_array
    alike: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return int(self.links.data.nbytes * 2 + self.alike.nbytes)


def listening(
    factors: np.ndarray,
    near_factors: np.ndarray,
    components: np.ndarray,
    depth: np.ndarray | None,
    neighbours: sparse.csr_array,
    *,
    x_weight: float = 1.0,
) -> Listening:
    """Find out which spots are like which.

    Parameters
    ----------
    factors, near_factors : ndarray of shape (n_spots, n_factors)
        Strongest first, averaged as far as suits the tissue, and less far.
    components : ndarray of shape (n_spots, n_components)
        Principal components of averaged log counts, strongest first. Which spots are alike they tell better than factors, above
        all where genes or spots are few (`docs/accuracy.md`, "Guided").
    depth : ndarray of shape (n_spots,), optional
        Across the layers, in any unit, where it takes part.
    neighbours : csr_array of shape (n_spots, n_spots)
        Neighbours in the tissue.
    x_weight : float
        How much expression counts against depth.

    Returns
    -------
    Listening
    """
    near = _near(across(depth, factors, x_weight), near_factors)
    by_factors = _links(near, neighbours, _BY_FACTORS)
    by_components = _links(_near(across(depth, components, x_weight), components), neighbours, _BY_COMPONENTS)
    return Listening(links=sparse.csr_array(by_factors + _COMPONENTS_SHARE * by_components), alike=_alike(near))


def across(depth: np.ndarray | None, values: np.ndarray, x_weight: float) -> np.ndarray:
    """Make depth as wide as the strongest of some values, or wider where they count less.

    Parameters
    ----------
    depth : ndarray of shape (n_spots,), optional
    values : ndarray of shape (n_spots, n_features)
    x_weight : float

    Returns
    -------
    ndarray of shape (n_spots, 0 or 1)
    """
    if depth is None:
        return np.empty((len(values), 0))
    wide = values.std(axis=0).max() / max(float(depth.std()), 1e-12)
    return ((depth - depth.mean()) * wide / max(x_weight, _LEAST_WEIGHT))[:, None]


def _near(depth: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.column_stack((DEPTH_WIDTH * depth, values[:, :_N_COMPARED]))


def _alike(near: np.ndarray) -> np.ndarray:
    """Halve the spots where they are most unlike, and the halves again, into `_N_ALIKE` groups; ndarray of shape (n_spots,), int16."""
    parts = [np.arange(len(near))]
    while len(parts) < _N_ALIKE and len(parts[0]) > 1:
        parts = [half for part in parts for half in _halves(near, part)]
    alike = np.empty(len(near), dtype=np.int16)
    alike[np.concatenate(parts)] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return alike


def _halves(near: np.ndarray, part: np.ndarray) -> list[np.ndarray]:
    most_unlike = near[part, near[part].std(axis=0).argmax()] if part.size else np.empty(0)
    return np.array_split(part[np.argsort(most_unlike, kind="stable")], 2)


def _links(near: np.ndarray, neighbours: sparse.csr_array, share: float) -> sparse.csr_array:
    nearest = kneighbors_graph(near, min(_N_NEAREST, len(near) - 1))
    links = _weighted(near, neighbours) + share * _weighted(near, nearest.maximum(nearest.T))
    return sparse.csr_array((links + links.T) / 2)


def _weighted(near: np.ndarray, graph: sparse.csr_array) -> sparse.csr_array:
    one, other = graph.nonzero()
    squares = np.square(near[one] - near[other]).sum(axis=1)
    unit = max(float(np.median(squares)) if squares.size else 1.0, 1e-12)
    return sparse.csr_array((np.exp(-squares / unit) + _LEAST_LINK, (one, other)), shape=graph.shape)


def heard(
    listening: Listening,
    opinions: np.ndarray,
    own_opinion: float,
    fixed: np.ndarray | None = None,
    order: np.ndarray | None = None,
) -> np.ndarray:
    """Solve for shares that are the mean of those of the spots listened to and, a little, of a spot's own opinion.

    Parameters
    ----------
    listening : Listening
    opinions : ndarray of shape (n_spots, n_classes)
        Rows add up to 1.
    own_opinion : float
        How much an opinion counts, in all links of an ordinary spot.
    fixed : ndarray of shape (n_spots,), bool, optional
        Spots whose opinion is the truth, where a walker stops; none by default.
    order : ndarray of shape (n_spots,), int, optional
        The order of work, which the last digits depend on; that of the spots by default.

    Returns
    -------
    ndarray of shape (n_spots, n_classes)
        Rows add up to 1.
    """
    fixed = np.zeros(len(opinions), dtype=bool) if fixed is None else fixed
    order = np.arange(len(opinions)) if order is None else order
    order = order[np.argsort(listening.alike[order], kind="stable")]
    links, free = listening.links, order[~fixed[order]]
    shares = opinions.copy()
    if not free.size:
        return shares
    strength = np.asarray(links.sum(axis=1)).ravel()
    own = own_opinion * float(np.median(strength))
    known = np.where(fixed[:, None], opinions, 0.0)
    right = (links @ known)[free] + own * opinions[free]
    matrix = sparse.csr_array(sparse.diags_array(strength[free] + own) - links[free][:, free])
    # The last share is what the others leave.
    found = solved(matrix, right[:, :-1], opinions[free, :-1], _TOLERANCE, _begins(listening.alike[free]))
    shares[free] = np.column_stack((found, 1 - found.sum(axis=1)))
    shares = np.maximum(shares, 0)
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12))


def _begins(groups: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.diff(groups, prepend=-1))
