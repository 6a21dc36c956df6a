"""Which spots are neighbours, and means over them."""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.places import Places

_N_NEIGHBOURS = 6  # of a spot on the Visium lattice, and as many off it
_REACH = {True: 1.2, False: 3.0}  # spacings: on the lattice the second ring is left out, off it only far cells are


def neighbour_graph(places: Places) -> sparse.csr_array:
    """Link each spot with its nearest ones.

    Parameters
    ----------
    places : Places

    Returns
    -------
    csr_array of shape (n_spots, n_spots)
        1 between neighbours, both ways; nothing on the diagonal. On the lattice up to 6 neighbours; off it the 6 nearest, and
        those that a spot is one of the 6 nearest of.
    """
    spacing_um = np.sqrt(2 / np.sqrt(3) * places.spot_um2)  # of hexagons of that area
    n_spots, n_asked = len(places), min(_N_NEIGHBOURS + 1, len(places))
    reach = _REACH[places.on_lattice] * spacing_um
    _, found = cKDTree(places.tissue_um).query(places.tissue_um, k=n_asked, distance_upper_bound=reach)
    found = found.reshape(n_spots, n_asked)
    spots = np.repeat(np.arange(n_spots), n_asked)
    linked = (found.ravel() < n_spots) & (found.ravel() != spots)
    links = sparse.csr_array((np.ones(linked.sum()), (spots[linked], found.ravel()[linked])), shape=(n_spots, n_spots))
    return sparse.csr_array(links.maximum(links.T))


def mean_over_neighbours(graph: sparse.csr_array, *, own_weight: float) -> sparse.csr_array:
    """Make the matrix that replaces each spot's values by a mean over it and its neighbours.

    Parameters
    ----------
    graph : csr_array of shape (n_spots, n_spots)
        From :func:`neighbour_graph`.
    own_weight : float
        Of the spot itself, where a neighbour weighs 1. A spot without neighbours keeps its values.

    Returns
    -------
    csr_array of shape (n_spots, n_spots)
        Rows sum to 1.
    """
    n_neighbours = np.asarray(graph.sum(axis=1))
    own = np.where(n_neighbours > 0, own_weight, 1.0)
    means = sparse.diags_array(1.0 / (n_neighbours + own)) @ (graph + sparse.diags_array(own))
    return sparse.csr_array(means)
