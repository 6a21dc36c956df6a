"""Depth: the coordinate across the layers, straight as in the paper or bent, and the direction that it comes from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core import units
from core.coordinates import Coordinates
from core.text import listed, shown

LEAST_SUPPORT = 0.5
"""Share of the tissue's structure that a bending depth must explain, where it was not learnt, before it takes part: round domains stay below it."""
SET_ASIDE = "fits of spatial factors hardly agreed"
"""Why principal components without depth take the place of factors."""


def depth(positions: np.ndarray, angle: float) -> np.ndarray:
    """Coordinate across the layers, as in the paper: u = cos(angle) row - sin(angle) column.

    Parameters
    ----------
    positions : ndarray of shape (n_spots, 2)
    angle : float
        Radians.

    Returns
    -------
    ndarray of shape (n_spots,)
        In units of the positions.
    """
    return np.cos(angle) * positions[:, 0] - np.sin(angle) * positions[:, 1]


def across_layers_um(angle: float, unit_um: tuple[float, float]) -> np.ndarray:
    """Find the unit vector on the tissue along which depth grows fastest.

    Parameters
    ----------
    angle : float
        Radians, in the coordinates of the positions.
    unit_um : (float, float)
        Micrometres of one unit of the positions, vertically and horizontally.

    Returns
    -------
    ndarray of shape (2,)
        x and y. On the lattice not the rotated array axis: rows and columns have different pitches, and a line of equal
        depth must stay one on the tissue, so this is the gradient of depth in um.
    """
    down_um, across_um = unit_um
    gradient = np.array([-np.sin(angle) / across_um, np.cos(angle) / down_um])
    return gradient / np.linalg.norm(gradient)


def bending_terms(points: np.ndarray, degree: int) -> np.ndarray:
    """Raise coordinates to powers: the terms of a polynomial over a plane, without the constant.

    Parameters
    ----------
    points : ndarray of shape (n_spots, 2)
        x and y.
    degree : int
        The highest.

    Returns
    -------
    ndarray of shape (n_spots, n_terms)
        x, y, x^2, x y, y^2, and so on.
    """
    x, y = points.T
    powers = [(total - of_y, of_y) for total in range(1, degree + 1) for of_y in range(total + 1)]
    return np.column_stack([x**of_x * y**of_y for of_x, of_y in powers])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A depth that follows curved layers: a polynomial over the tissue.

    Parameters
    ----------
    centre_um : (float, float)
        x and y on the tissue where it is zero.
    scale_um : float
        Micrometres of one unit of the polynomial's coordinates.
    coefficients : tuple of float
        Of the terms x, y, x^2, x y, y^2, ... Depth is in micrometres: its slope is 1 in the mean over the spots.
    """

    centre_um: tuple[float, float]
    scale_um: float
    coefficients: tuple[float, ...]

    @property
    def degree(self) -> int:
        """The highest power: 2, 5, 9, ... coefficients are of degree 1, 2, 3, ..."""
        return int((math.sqrt(9 + 8 * len(self.coefficients)) - 3) / 2 + 0.5)

    def depth_um(self, tissue_um: np.ndarray) -> np.ndarray:
        """Depth of each spot, in micrometres.

        Parameters
        ----------
        tissue_um : ndarray of shape (n_spots, 2)
            As :attr:`core.coordinates.Coordinates.tissue_um`.

        Returns
        -------
        ndarray of shape (n_spots,)
        """
        points = (tissue_um - np.array(self.centre_um)) / self.scale_um
        return np.asarray(bending_terms(points, self.degree) @ np.array(self.coefficients))

    def slopes(self, tissue_um: np.ndarray) -> np.ndarray:
        """Gradient of depth at each spot, by differences over a thousandth of the scale.

        Parameters
        ----------
        tissue_um : ndarray of shape (n_spots, 2)

        Returns
        -------
        ndarray of shape (n_spots, 2)
            Along x and y; micrometres of depth to a micrometre of tissue.
        """
        step = self.scale_um / 1000
        ahead, back = ([self.depth_um(tissue_um + sign * step * unit) for unit in np.eye(2)] for sign in (1, -1))
        return np.column_stack(ahead) / (2 * step) - np.column_stack(back) / (2 * step)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDirection:
    """The direction across the layers in a run.

    Parameters
    ----------
    angle : float
        Radians in [0, pi), array coordinates: depth is cos(angle) row - sin(angle) column. Of a bend, the mean direction.
    method : str
        `manual`, `preclustering`, `expression` or `bending`.
    support : float or None
        How clear the direction is, from 0 to 1; None where it was given by hand. For `expression`, the share of the
        variance of smoothed expression that depth explains; for `bending`, the share of the spatial structure of expression
        that depth explains on blocks of tissue that it was not learnt from; for `preclustering`, the share of pairs of spots of
        one cluster that lie on one line.
    bend : Bend or None
        Where depth follows curved layers.
    set_aside : bool
        Whether principal components without depth took its place, because fits hardly agreed.
    """

    angle: float
    method: str
    support: float | None = None
    bend: Bend | None = None
    set_aside: bool = False

    @property
    def takes_part(self) -> bool:
        """Whether depth enters the clustering: a bend that explains too little does not, so that tissue without layers is not cut into stripes."""
        if self.set_aside:
            return False
        return self.bend is None or self.support is None or self.support >= LEAST_SUPPORT

    @property
    def why_not(self) -> str:
        """Why depth takes no part, after "it explains so much"; empty where it does."""
        if self.set_aside:
            return f"{SET_ASIDE}, so it takes no part"
        return "" if self.takes_part else f"below {units.percent(LEAST_SUPPORT, 0)} it takes no part"

    def depth_um(self, coordinates: Coordinates) -> np.ndarray:
        """Depth of each spot, in micrometres.

        Parameters
        ----------
        coordinates : Coordinates

        Returns
        -------
        ndarray of shape (n_spots,)
        """
        if self.bend is not None:
            return self.bend.depth_um(coordinates.tissue_um)
        return np.asarray(coordinates.tissue_um @ across_layers_um(self.angle, coordinates.unit_um))

    def depth(self, coordinates: Coordinates) -> np.ndarray:
        """Depth of each spot in units of the positions, as distances are measured in: straight, it is the paper's u.

        Parameters
        ----------
        coordinates : Coordinates

        Returns
        -------
        ndarray of shape (n_spots,)
        """
        if self.bend is None:
            return depth(coordinates.positions, self.angle)
        return np.asarray(
            self.bend.depth_um(coordinates.tissue_um) / math.sqrt(coordinates.unit_um[0] * coordinates.unit_um[1])
        )

    def turned_from(self, other: "FoundDirection") -> float:
        """Say by how much this direction is turned from another, in the shorter direction; radians in [-pi/2, pi/2).

        Parameters
        ----------
        other : FoundDirection

        Examples
        --------
        >>> round(FoundDirection(angle=3.1, method="manual").turned_from(FoundDirection(angle=0.0, method="manual")), 2)
        -0.04
        """
        return (self.angle - other.angle + math.pi / 2) % math.pi - math.pi / 2


def direction_in_words(found: FoundDirection | None) -> str:
    """Name the direction of a run, as its card, its reports and commands do.

    Parameters
    ----------
    found : FoundDirection or None
        None where the direction is off.

    Returns
    -------
    str

    Examples
    --------
    >>> direction_in_words(FoundDirection(angle=0.38, method="manual"))
    '21.8°'
    """
    if found is None:
        return "Off"
    if found.bend is not None:
        return "Bending" if found.takes_part else "None"
    return units.degrees(found.angle)


def support_in_words(found: FoundDirection) -> str:
    """Write how clear a direction is.

    Parameters
    ----------
    found : FoundDirection

    Returns
    -------
    str
        A share; `by hand` where nothing was found.
    """
    return "by hand" if found.support is None else units.percent(found.support, 0)


def common_depth_in_words(found: Mapping[str, FoundDirection]) -> str:
    """Say what part depth takes where several sections are clustered as one.

    Parameters
    ----------
    found : mapping of str to FoundDirection
        By the name of the section; empty where they have no depth in common.

    Returns
    -------
    str

    Examples
    --------
    >>> common_depth_in_words({})
    'no depth: the sections have none in common'
    >>> bent = FoundDirection(angle=0.0, method="bending", support=0.79)
    >>> common_depth_in_words({"A": bent, "B": bent})
    'one bending depth for all, which explains 79% of the structure of expression in A and 79% in B'
    """
    if not found:
        return "no depth: the sections have none in common"
    shares = [f"{support_in_words(direction)}{{}} in {shown(name)}" for name, direction in found.items()]
    first = shares[0].format(" of the structure of expression")
    return f"one bending depth for all, which explains {listed([first, *(share.format('') for share in shares[1:])])}"


def direction_in_full(found: FoundDirection | None) -> str:
    """Name the direction of a run, with what it was found from and how clear it is.

    Parameters
    ----------
    found : FoundDirection or None

    Returns
    -------
    str

    Examples
    --------
    >>> direction_in_full(FoundDirection(angle=0.38, method="expression", support=0.52))
    '21.8°, found from expression (support 52%)'
    """
    name = direction_in_words(found)
    if found is None or found.method == "manual":
        return name if found is None else f"{name}, by hand"
    if found.bend is not None:
        part = f": {found.why_not}" if found.why_not else ""
        share = f"{support_in_words(found)} of the structure of expression where it was not learnt"
        return f"{name}, explains {share}{part}"
    ways = {"preclustering": "by pre-clustering", "expression": "from expression"}
    how = ways.get(found.method, "in another way")  # as a later version, or a file of a stranger, may say
    return f"{name}, found {how} (support {support_in_words(found)})"
