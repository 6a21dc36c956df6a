"""Counting of spots of one cluster that lie on lines of equal depth, as machine code."""

import numpy as np

from core.compiling import compiled, part_of_loops

_TRUNCATED = 4.0  # standard deviations: the edge of a line ends there


@part_of_loops
def _edge(standard_deviation: float) -> np.ndarray:
    """Weights of a line's soft edge, from its middle outwards; together, on both sides, 1."""
    reach = int(_TRUNCATED * standard_deviation + 0.5)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / standard_deviation) ** 2)
    return weights / (2.0 * weights.sum() - weights[0])


@part_of_loops
def _pairs(counts: np.ndarray, weights: np.ndarray) -> float:
    """Sum products of the counts of bins, weighted by how far apart the bins are."""
    total = 0.0
    for here in range(len(counts)):
        if counts[here] == 0:
            continue
        near = weights[0] * counts[here]
        for apart in range(1, min(len(weights), len(counts) - here)):
            near += 2.0 * weights[apart] * counts[here + apart]  # both ways
        total += counts[here] * near
    return total


@compiled
def count_on_lines(
    labels: np.ndarray,
    positions: np.ndarray,
    cosines: np.ndarray,
    sines: np.ndarray,
    narrowest_bin: float,
    most_bins: int,
    line_width: float,
    counts: np.ndarray,
) -> None:
    """Count, summed over spots, the spots of the same cluster on the line of equal depth through each, at several angles.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        0 .. n_clusters - 1.
    positions : ndarray of shape (n_spots, 2), float64
    cosines, sines : ndarray of shape (n_angles,)
    narrowest_bin : float
        Of depth, in units of the positions.
    most_bins : int
        About; bins are wider where the tissue extends over more.
    line_width : float
        In units of the positions; its edge is soft.
    counts : ndarray of shape (n_angles,)
        Filled in.
    """
    n_clusters, depth = labels.max() + 1, np.empty(len(labels))
    for angle in range(len(cosines)):
        for spot in range(len(labels)):
            depth[spot] = cosines[angle] * positions[spot, 0] - sines[angle] * positions[spot, 1]
        least = depth.min()
        width = max(narrowest_bin, (depth.max() - least) / most_bins)
        held = np.zeros((n_clusters, int((depth.max() - least) / width) + 1))
        for spot in range(len(labels)):
            held[labels[spot], int((depth[spot] - least) / width)] += 1
        weights, total = _edge(line_width / 2 / width), 0.0
        for cluster in range(n_clusters):
            total += _pairs(held[cluster], weights)
        counts[angle] = total * line_width / width
