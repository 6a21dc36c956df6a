"""How coherent the domains of a clustering are on the tissue. No annotation takes part.

CHAOS and PAS are those of SpatialPCA (Shang and Zhou 2022, doi 10.1038/s41467-022-34879-1). Both are best where one domain
takes everything: read them together with the domains' sizes and with stability.
"""

import numpy as np
from scipy.spatial import cKDTree

from core.coordinates import canonical_order
from core.side_by_side import AT_ONCE

TINY_SHARE = 0.01
"""A domain with a smaller share of the spots counts as tiny."""


def chaos(labels: np.ndarray, positions: np.ndarray) -> float:
    """Average the distance from each spot to the nearest spot of its domain.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    positions : ndarray of shape (n_spots, 2)
        In any unit: each axis is brought to mean 0 and standard deviation 1 over all spots.

    Returns
    -------
    float
        In standard deviations; 0 or more, lower is better. A domain of one spot adds nothing to the sum, but its spot
        counts, as in the authors' program.

    Examples
    --------
    >>> chaos(np.array([0, 1, 0, 1]), np.array([[0, 0], [0, 2], [0, 4], [0, 6]])) == 4 / 5**0.5
    True
    """
    order = canonical_order(positions)
    scaled, ordered = _scaled(positions[order]), labels[order]
    by_domain = np.split(scaled[np.argsort(ordered, kind="stable")], np.cumsum(np.bincount(ordered))[:-1])
    distances = [_to_the_nearest(spots) for spots in by_domain if len(spots) > 1]
    # Sorted, so that neither the order of the spots nor the names of the domains move the last digit.
    return float(np.sort(np.concatenate([np.zeros(1), *distances])).sum() / len(labels))


def pas(labels: np.ndarray, nearest: np.ndarray) -> float:
    """Compute the share of spots whose nearest spots mostly carry another label.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    nearest : ndarray of shape (n_spots, n_nearest), int
        Each spot's nearest ones, ten as in the paper, from `core.method.neighbours.nearest_spots`, which says who wins ties.

    Returns
    -------
    float
        Share of the spots, from 0 to 1; lower is better.

    Examples
    --------
    >>> pas(np.array([0, 0, 1]), np.array([[1, 2], [0, 2], [0, 1]]))
    0.3333333333333333
    """
    others = np.count_nonzero(labels[nearest] != labels[:, None], axis=1)
    return float(np.mean(2 * others > nearest.shape[1]))


def domain_shares(labels: np.ndarray, n_clusters: int) -> np.ndarray:
    """Compute the share of the spots in each domain.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    n_clusters : int
        How many domains were asked for.

    Returns
    -------
    ndarray of shape (n_clusters,), float
        0 for a domain that has no spot.
    """
    return np.asarray(np.bincount(labels, minlength=n_clusters) / len(labels))


def _to_the_nearest(spots: np.ndarray) -> np.ndarray:
    distances, _ = cKDTree(spots).query(spots, k=[2], workers=AT_ONCE)  # the first is the spot itself
    return np.asarray(distances)[:, 0]


def _scaled(positions: np.ndarray) -> np.ndarray:
    spread = positions.std(axis=0)
    return np.asarray((positions - positions.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
