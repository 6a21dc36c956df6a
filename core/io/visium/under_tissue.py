"""Which spots of a raw matrix lie under tissue, where no table says it."""

import numpy as np


def of_tissue(totals: np.ndarray) -> np.ndarray:
    """Split spots by their counts: spots beside the tissue have the few that diffuse there.

    Parameters
    ----------
    totals : ndarray of shape (n_spots,)
        Counts of each spot.

    Returns
    -------
    ndarray of shape (n_spots,), bool
        Spots above Otsu's threshold of log(1 + counts); all that have counts where there are fewer than three.

    Notes
    -----
    Otsu 1979, doi 10.1109/TSMC.1979.4310076: the split that leaves least variance within its two halves.
    """
    levels = np.log1p(np.ravel(totals).astype(np.float64))
    ordered = np.sort(levels)
    if len(ordered) < 3 or ordered[0] == ordered[-1]:
        return np.asarray(levels > 0)
    below = np.arange(1, len(ordered))
    left = np.cumsum(ordered)[:-1]
    right = ordered.sum() - left
    between = left**2 / below + right**2 / (len(ordered) - below)
    return np.asarray(levels >= ordered[int(np.argmax(between)) + 1])
