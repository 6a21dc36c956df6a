"""The unit of coordinates, told by others of the same spots whose unit is known: columns, and the names of Visium HD's bins."""

import re
from collections.abc import Iterator, Sequence

import h5py
import numpy as np

from core.io.h5ad.positions import Coords, measured
from core.io.h5ad.tables import Table
from core.io.spacing import spacing_of

_BIN = re.compile(r"s_(\d{3})um_(\d{5})_(\d{5})")
_LEAST_SPOTS = 10
_ONE = 1e-4
_AS_NEAR = 0.5
"""Coordinates that are the same up to a scale lie so near, in distances of neighbours."""


def told(
    obs: Table, coords: np.ndarray, spots: np.ndarray | None = None, others: Sequence[Coords] = ()
) -> tuple[float, str] | None:
    """Find the unit of coordinates.

    Parameters
    ----------
    obs : Table
    coords : ndarray of shape (n_spots, 2), float
        Vertical, then horizontal.
    spots : ndarray of shape (n_rows,), bool, optional
        Which rows of the table they are of; all by default.
    others : sequence of Coords, optional
        Further coordinates of all rows whose unit is known.

    Returns
    -------
    (float, str) or None
        Micrometres of one unit, and what tells it; None where nothing does.
    """
    for known in (*measured(obs), *_bins(obs), *others):
        values = known.values if spots is None else known.values[spots]
        scale = _scale(coords, values * (known.um_per_unit or 1.0))
        if scale is not None:
            return scale, known.source
    return None


def _bins(obs: Table) -> Iterator[Coords]:
    """Where the names of Visium HD's bins say that they lie: number of row and column times their size."""
    found = [_BIN.search(name) for name in obs.index().tolist()]
    parts = [match.groups() for match in found if match is not None]
    if len(parts) < len(found) or len({size for size, _, _ in parts}) != 1:
        return
    numbers = np.array(parts, dtype=np.float64)
    yield Coords(values=numbers[:, 1:] * numbers[:, :1], source="the names of bins", um_per_unit=1.0)


def _scale(coords: np.ndarray, known_um: np.ndarray) -> float | None:
    """Micrometres of one unit, where both are the same up to a shift, a turn, a mirror and one scale."""
    here = np.isfinite(coords).all(axis=1) & np.isfinite(known_um).all(axis=1)
    if here.sum() < _LEAST_SPOTS:
        return None
    one, other = (_centred(values[here]) for values in (coords, known_um))
    spread = float(np.vdot(one, one).real)
    if not spread:
        return None
    fits = []
    for turned in (one, one.conj()):
        factor = np.vdot(turned, other) / spread
        fits.append((float(np.sqrt(np.mean(np.abs(other - factor * turned) ** 2))), float(abs(factor))))
    residual, scale = min(fits)
    if not scale or residual >= _AS_NEAR * spacing_of(known_um[here]):
        return None
    return 1.0 if abs(scale - 1) < _ONE else scale  # so that coordinates stay as they are to the last bit


def _centred(values: np.ndarray) -> np.ndarray:
    as_complex = np.asarray(values @ np.array([1j, 1]))
    return np.asarray(as_complex - as_complex.mean())


def um_per_chip_spot(file: h5py.Group) -> float | None:
    """Find the unit of Stereo-seq's coordinates, which count the spots of its chip.

    Parameters
    ----------
    file : h5py.Group

    Returns
    -------
    float or None
        Micrometres between spots, from `uns["resolution"]` (nanometres) where there are bins as Stereopy writes them.
    """
    group = file.get("uns")
    if not isinstance(group, h5py.Group) or not {"bin_type", "bin_size"} & set(group):
        return None
    found = group.get("resolution")
    if not isinstance(found, h5py.Dataset) or found.size != 1 or found.dtype.kind not in "iuf":
        return None
    nm = float(np.ravel(found[...])[0])
    return nm / 1000 if 0 < nm < 1e6 else None
