"""Inner loops of k-means, of means over neighbours, and of products with sparse matrices, as machine code."""

import numpy as np

from core.compiling import compiled


@compiled
def move_spots(
    sums: np.ndarray,
    counts: np.ndarray,
    rows: np.ndarray,
    row_of: np.ndarray,
    labels: np.ndarray,
    before: np.ndarray,
    changed: np.ndarray,
) -> None:
    """Add changed spots to the sums and counts of their clusters, and take them from those where they were before.

    Parameters
    ----------
    sums : ndarray of shape (n_clusters, n_features)
        Changed in place.
    counts : ndarray of shape (n_clusters,)
        Changed in place.
    rows : ndarray of shape (n_rows, n_features)
    row_of : ndarray of shape (n_spots,), int
        Row of each spot.
    labels, before : ndarray of shape (n_spots,), int
        Clusters now and before; -1 for none.
    changed : ndarray of shape (n_changed,), int
        Indices of spots.
    """
    for index in changed:
        row, now, was = row_of[index], labels[index], before[index]
        counts[now] += 1
        for feature in range(sums.shape[1]):
            sums[now, feature] += rows[row, feature]
        if was >= 0:
            counts[was] -= 1
            for feature in range(sums.shape[1]):
                sums[was, feature] -= rows[row, feature]


@compiled
def nearest_by_bounds(
    middle: np.ndarray, spread: np.ndarray, residuals: np.ndarray, slack: float, nearest: np.ndarray, unsure: np.ndarray
) -> None:
    """Find the centre whose upper bound is lowest, and whether another may be nearer.

    Parameters
    ----------
    middle : ndarray of shape (n_clusters, n_spots)
        Between the bounds.
    spread : ndarray of shape (n_clusters,)
        Times the residual of a spot: from the middle to each bound.
    residuals : ndarray of shape (n_spots,)
    slack : float
        Above what rounding does to a bound.
    nearest : ndarray of shape (n_spots,), int
        Filled in.
    unsure : ndarray of shape (n_spots,), bool
        Filled in.
    """
    n_clusters, n_spots = middle.shape
    for spot in range(n_spots):
        best, lowest = 0, middle[0, spot] + spread[0] * residuals[spot]
        for cluster in range(1, n_clusters):
            upper = middle[cluster, spot] + spread[cluster] * residuals[spot]
            if upper < lowest:
                best, lowest = cluster, upper
        possible = 0
        for cluster in range(n_clusters):
            possible += middle[cluster, spot] - spread[cluster] * residuals[spot] <= lowest + slack
        nearest[spot], unsure[spot] = best, possible > 1


@compiled
def fill_means(
    ends: np.ndarray,
    neighbours: np.ndarray,
    own_weight: float,
    filled_ends: np.ndarray,
    filled: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Weigh each spot's neighbours, and itself, so that a row sums to 1; from the last to the first, in which order means are summed up.

    Parameters
    ----------
    ends : ndarray of shape (n_spots + 1,), int
        Of the rows of neighbours, as in a CSR matrix.
    neighbours : ndarray of shape (n_links,), int
        Of each spot, in ascending order, without itself.
    own_weight : float
        Of the spot itself, where a neighbour weighs 1. A spot without neighbours has itself alone, whatever it says.
    filled_ends : ndarray of shape (n_spots + 1,), int
        Of the rows that are filled in.
    filled : ndarray of int
        Filled in: spots of each row.
    weights : ndarray of float
        Filled in, beside `filled`.
    """
    for spot in range(len(ends) - 1):
        n_neighbours = ends[spot + 1] - ends[spot]
        own = own_weight if n_neighbours else 1.0
        share, place, has_own = 1.0 / (n_neighbours + own), filled_ends[spot], own == 0.0
        for link in range(ends[spot + 1] - 1, ends[spot] - 1, -1):
            if not has_own and neighbours[link] < spot:
                filled[place], weights[place], has_own = spot, share * own, True
                place += 1
            filled[place], weights[place] = neighbours[link], share
            place += 1
        if not has_own:
            filled[place], weights[place] = spot, share * own


@compiled
def multiply_rows(
    ends: np.ndarray, columns: np.ndarray, weights: np.ndarray, values: np.ndarray, out: np.ndarray
) -> None:
    """Multiply some rows of a sparse matrix by dense values.

    Parameters
    ----------
    ends : ndarray of shape (n_rows + 1,), int
        Of these rows, as in a CSR matrix.
    columns : ndarray of int
        Of the whole matrix.
    weights : ndarray
        Beside `columns`.
    values : ndarray of shape (n_columns, n_features)
    out : ndarray of shape (n_rows, n_features)
        Filled in.
    """
    n_features = values.shape[1]
    for row in range(len(ends) - 1):
        for feature in range(n_features):
            out[row, feature] = 0.0
        for link in range(ends[row], ends[row + 1]):
            column, weight = columns[link], weights[link]
            for feature in range(n_features):
                out[row, feature] += weight * values[column, feature]
