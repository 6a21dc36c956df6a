"""The direction across the layers, found without an annotation.

Two ways: from a first clustering, as in the paper, and from expression alone. Angles are in radians, modulo pi, in the
coordinates of the positions: depth is u = cos(angle) row - sin(angle) column.
"""

import numpy as np
from sklearn.decomposition import PCA

from core.coordinates import canonical_order
from core.depth import FoundDirection, depth
from core.errors import SampleError
from core.method.lines import count_on_lines
from core.method.normalisation import log_normalised
from core.method.pooling import pool_window
from core.params import PoolingParams
from core.sample import Expression
from core.text import counted

_ANGLES = np.arange(180) * np.pi / 180
_LINE_WIDTH = 2.0  # the paper counts spots within +-1 of a line
_BIN = 0.25  # units of the positions
_MAX_BINS = 50_000  # for positions that are pixels rather than array indices
_DEPTH_BINS = 24
_COMPONENTS = 10
_SMOOTHING = PoolingParams(window=4, scale=1.0)


def from_preclustering(labels: np.ndarray, positions: np.ndarray) -> FoundDirection:
    """Find the angle at which clusters gather on lines of equal depth.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        A first clustering, 0 .. n_clusters - 1.
    positions : ndarray of shape (n_spots, 2)

    Returns
    -------
    FoundDirection
        `support` is the share of pairs of spots of one cluster that lie on one line.

    Notes
    -----
    The paper turns an angle until most spots of one cluster lie on the line u = 0 (+-1). Here the line may lie anywhere:
    for every spot, the spots of its cluster on the line through it are counted, and the angle with the highest mean wins.
    The fullest line alone would lean towards the diagonal of a wide layer, which is longer than the layer. The line's edge
    is soft: with a hard one, angles along the lattice, whose rows lie exactly on lines, win for that alone.
    """
    counts = np.empty(len(_ANGLES))
    count_on_lines(
        labels, positions.astype(float), np.cos(_ANGLES), np.sin(_ANGLES), _BIN, _MAX_BINS, _LINE_WIDTH, counts
    )
    angle, best = _peak(counts)
    all_pairs = float(np.square(np.bincount(labels), dtype=np.float64).sum())
    return FoundDirection(angle=angle, method="preclustering", support=best / all_pairs)


def from_expression(expression: Expression, positions: np.ndarray, *, logged: bool = False) -> FoundDirection:
    """Find the angle along which smoothed expression changes most.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Not modified.
    positions : ndarray of shape (n_spots, 2)
    logged : bool
        Whether these are logarithms already.

    Returns
    -------
    FoundDirection
        `support` is the share of the variance of smoothed principal components that bins of depth explain.

    Raises
    ------
    SampleError
        If expression does not vary over the tissue.
    """
    order = canonical_order(positions)
    positions = positions[order]
    components = _smoothed_components(log_normalised(expression[order], logged=logged), positions)
    shares = np.array([_explained_by_depth(components, depth(positions, angle)) for angle in _ANGLES])
    angle, best = _peak(shares)
    return FoundDirection(angle=angle, method="expression", support=min(best, 1.0))


def _smoothed_components(logs: Expression, positions: np.ndarray) -> np.ndarray:
    n_components = min(_COMPONENTS, *(extent - 1 for extent in logs.shape))
    if n_components < 1 or len(positions) < 2 * _DEPTH_BINS:
        raise SampleError(
            f"{counted(len(positions), 'spot')} and {counted(logs.shape[1], 'gene')} are too few to find a direction: choose it by hand, or off."
        )
    components = PCA(n_components, svd_solver="arpack", random_state=0).fit_transform(logs)
    smoothed = pool_window(components, positions, _SMOOTHING)
    smoothed -= smoothed.mean(axis=0)
    if smoothed.std() <= 1e-9 * float(logs.max()):  # what is left is rounding
        raise SampleError(
            "Expression does not vary over the tissue, so it has no direction: choose it by hand, or off."
        )
    return smoothed


def _explained_by_depth(values: np.ndarray, u: np.ndarray) -> float:
    """Share of the variance of centred values that lies between bins of depth with equally many spots."""
    edges = np.quantile(u, np.linspace(0, 1, _DEPTH_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, u)
    counts = np.maximum(np.bincount(bins, minlength=_DEPTH_BINS), 1)
    sums = np.array([np.bincount(bins, weights=column, minlength=_DEPTH_BINS) for column in values.T])
    return float((sums**2 / counts).sum() / np.square(values).sum())


def _peak(heights: np.ndarray) -> tuple[float, float]:
    """Angle and height of the highest point of a periodic curve, between grid points by a parabola."""
    best = int(heights.argmax())
    left, top, right = heights[best - 1], heights[best], heights[(best + 1) % len(heights)]
    curvature = left - 2 * top + right
    shift = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    # Rounded far below what the data can tell, so that the last digits of a sum cannot move a spot to another cluster.
    return round(float((_ANGLES[best] + shift * _ANGLES[1]) % np.pi), 6), float(top)
