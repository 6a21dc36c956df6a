"""How much of the distance between spots is position, and how much is expression.

Arrays in, numbers out.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of the mean squared distance between two spots.

    Parameters
    ----------
    position, expression : float
        From 0 to 1; together 1, or both 0 where all spots are alike.
    """

    position: float
    expression: float


def total_variance(values: np.ndarray) -> float:
    """Sum the variances of all columns.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_features)

    Returns
    -------
    float
        In the squared units of `values`: half of the mean squared distance between two spots drawn at random.
    """
    return float(np.var(values, axis=0, dtype=np.float64).sum())


def distance_shares(
    positions: np.ndarray, depths: np.ndarray | None, expression_variance: float, x_weight: float
) -> Shares:
    """Split the mean squared distance of the clustering into position and expression.

    Parameters
    ----------
    positions : ndarray of shape (n_spots, 2)
    depths : ndarray of shape (n_spots,), or None
        With it position is the depth u alone, without it array row and array column.
    expression_variance : float
        :func:`total_variance` of what stands for expression, before it is weighted.
    x_weight : float
        w.

    Returns
    -------
    Shares

    Notes
    -----
    The squared distance of two spots is that of their positions plus w^2 times that of their expressions. Its mean over
    all pairs, a spot paired with itself among them, is 2 (V_pos + w^2 V_expr), where V sums the variances of the
    coordinates. So position has the share V_pos / (V_pos + w^2 V_expr), and expression the rest.

    Examples
    --------
    >>> distance_shares(np.array([[0, 0], [2, 0]]), None, expression_variance=3.0, x_weight=1.0)
    Shares(position=0.25, expression=0.75)
    """
    position = total_variance(positions if depths is None else depths[:, None])
    expression = x_weight**2 * expression_variance
    whole = position + expression
    return Shares(position / whole, expression / whole) if whole > 0 else Shares(0.0, 0.0)


def share_in_words(share: float) -> str:
    """Write a share, never as 0% for a little or as 100% for a little less than all.

    Parameters
    ----------
    share : float
        From 0 to 1.

    Returns
    -------
    str

    Examples
    --------
    >>> share_in_words(0.123), share_in_words(0.99999), share_in_words(0.00001), share_in_words(1.0)
    ('12.3%', 'over 99.9%', 'under 0.1%', '100.0%')
    """
    if 0.999 < share < 1:
        return "over 99.9%"
    return "under 0.1%" if 0 < share < 0.001 else f"{100 * share:.1f}%"
