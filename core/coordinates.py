"""Coordinates of spots, on the Visium lattice or anywhere on the tissue, and the fixed order in which steps go through them.

Knows positions only. A Visium spot sits where `array_row + array_col` is even; its six neighbours are (row, col +- 2) and
(row +- 1, col +- 1).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from core.errors import SampleError

ROW_PITCH_UM = 100 * float(np.sqrt(3)) / 2
"""Distance between array rows: neighbouring spots are 100 um apart in a hexagonal lattice."""

COL_PITCH_UM = 50.0
"""Distance between array columns: half of 100 um, since only every second column of a row holds a spot."""

_N_NEIGHBOURS = 24
_N_ASKED = 4096
_UNITS_PER_SPOT = 2.0  # on the lattice: one row by two columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Coordinates:
    """Positions of spots, in the units of the method and on the tissue.

    Parameters
    ----------
    positions : ndarray of shape (n_spots, 2), float64
        Vertical, then horizontal; in array rows and columns, or off the lattice in units of `unit_um`. There is about one
        spot to 2 square units.
    unit_um : (float, float)
        Micrometres of one unit, vertically and horizontally.
    on_lattice : bool
        Whether positions are array rows and columns.
    unit_known : bool
        Whether somebody said how long they are; if not, what is called micrometres here is one unit of the file.
    """

    positions: np.ndarray
    unit_um: tuple[float, float]
    on_lattice: bool
    unit_known: bool = True

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, spots: np.ndarray) -> Coordinates:
        return replace(self, positions=self.positions[spots])

    @property
    def length_unit(self) -> str:
        """What lengths on the tissue are in, for people: `µm`, or `units` of the file where nobody said how long these are."""
        return "µm" if self.unit_known else "units"

    @functools.cached_property
    def tissue_um(self) -> np.ndarray:
        """Where spots lie on a picture: x and y in um, y growing downwards; ndarray of shape (n_spots, 2)."""
        # Arrays count row then column, pictures need (x, y): exchanged only here.
        return np.ascontiguousarray((self.positions * self.unit_um)[:, ::-1])

    @property
    def spot_um2(self) -> float:
        """Area of tissue that belongs to one spot, in um2."""
        return _UNITS_PER_SPOT * self.unit_um[0] * self.unit_um[1]


def on_lattice(lattice: np.ndarray) -> Coordinates:
    """Place spots of the Visium lattice.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int
        Array row and array column.

    Returns
    -------
    Coordinates
    """
    return Coordinates(positions=lattice.astype(np.float64), unit_um=(ROW_PITCH_UM, COL_PITCH_UM), on_lattice=True)


def off_lattice(coords_um: np.ndarray, *, unit_known: bool = True) -> Coordinates:
    """Place spots that lie anywhere, such as cells.

    Parameters
    ----------
    coords_um : ndarray of shape (n_spots, 2), float
        Vertical, then horizontal; micrometres.
    unit_known : bool
        Whether they are known to be that.

    Returns
    -------
    Coordinates
        In units of which a spot takes 2 square ones, as on the lattice, so that windows and weights mean the same.

    Raises
    ------
    SampleError
        If most spots lie at one point.
    """
    unit = float(np.sqrt(area_per_spot_um2(coords_um) / _UNITS_PER_SPOT))
    return Coordinates(positions=coords_um / unit, unit_um=(unit, unit), on_lattice=False, unit_known=unit_known)


def area_per_spot_um2(coords_um: np.ndarray) -> float:
    """Estimate the area of tissue that belongs to one spot.

    Parameters
    ----------
    coords_um : ndarray of shape (n_spots, 2), float

    Returns
    -------
    float
        Square micrometres; 1 for a lone spot.

    Raises
    ------
    SampleError
        If most spots lie at one point.

    Notes
    -----
    A circle through a spot's 24th neighbour holds about 24.5 spots: itself, 23 others, and half of the one on the rim. The
    median over up to 4,096 spots ignores margins, holes and crowded areas. Of the first shells of neighbours this
    one is right for hexagons (+4%), squares (+3%) and cells strewn at random (-3%) alike; the 6th, which lies on a full
    shell of hexagons, would be 44% short there.
    """
    n_neighbours = min(_N_NEIGHBOURS, len(coords_um) - 1)
    if n_neighbours < 1:
        return 1.0
    ordered = coords_um[np.lexsort((coords_um[:, 1], coords_um[:, 0]))]
    asked = ordered[:: -(-len(ordered) // _N_ASKED)]
    distances, _ = cKDTree(ordered).query(asked, k=[n_neighbours + 1])
    radius = float(np.median(distances))
    if radius <= 0:
        raise SampleError(
            "Most spots in `coords_um` lie at one point: spots need positions on the tissue, in micrometres."
        )
    return float(np.pi * radius**2 / (n_neighbours + 0.5))


def canonical_order(positions: np.ndarray) -> np.ndarray:
    """Order spots from top to bottom, and from left to right where they are level.

    Sums of floating-point numbers depend on their order. Steps that add over spots go through them in this order, so that
    the order of a file's rows changes nothing.

    Parameters
    ----------
    positions : ndarray of shape (n_spots, 2)
        Vertical, then horizontal.

    Returns
    -------
    ndarray of shape (n_spots,), int
        Indices that sort the spots; those that share a position stay in the order of the file.
    """
    down = np.ascontiguousarray(positions[:, 0])
    order = np.argsort(down)
    if len(order) and (np.diff(down[order]) > 0).all():  # no two are level, as with cells: a third of the time
        return order
    return np.lexsort((positions[:, 1], down))
