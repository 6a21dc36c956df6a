"""Inner loops of means over neighbours, and of products with sparse matrices, as machine code."""

import numpy as np

from core.compiling import compiled


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
