"""Whether array positions and coordinates of the same spots say the same, and what to do where they do not."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from core.coordinates import COL_PITCH_UM, ROW_PITCH_UM

LEAST_SPOTS = 10
"""With fewer spots nothing is said."""

_ALIKE = 1.2
"""Scales along two axes that differ by less are one: rows and columns exchanged make three of it."""

_PITCH_UM = 2 * COL_PITCH_UM
_APART = 0.5  # pitches

Verdict = Literal["alike", "array exchanged", "coordinates exchanged", "apart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """The best affine map from the array to coordinates."""

    linear: np.ndarray
    residual: float

    @property
    def stretch(self) -> float:
        scales = np.linalg.svd(self.linear, compute_uv=False)
        return float(scales[0] / scales[1]) if scales[1] > 0 else np.inf

    @property
    def is_apart(self) -> bool:
        return not np.isfinite(self.stretch) or self.residual > _APART

    @property
    def exchanges(self) -> bool:
        """Whether it exchanges the axes and turns the tissue over, which no scanner does."""
        across = np.abs(self.linear[[0, 1], [1, 0]]).min() > np.abs(np.diag(self.linear)).max()
        return bool(across and np.linalg.det(self.linear) < 0)


def compare(
    lattice: np.ndarray, coords: np.ndarray, pitch_um: tuple[float, float] = (ROW_PITCH_UM, COL_PITCH_UM)
) -> Verdict:
    """Compare array positions with coordinates, which must agree up to a shift, a turn and one scale.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2)
        Array row and column.
    coords : ndarray of shape (n_spots, 2)
        Vertical, then horizontal, in any unit.
    pitch_um : (float, float)
        Micrometres between rows and between columns.

    Returns
    -------
    {"alike", "array exchanged", "coordinates exchanged", "apart"}
        `array exchanged`: they agree only where row and column of the array change places, for rows are further apart than
        columns. `coordinates exchanged`: the tissue would be mirrored along its diagonal. `apart`: no map fits.
    """
    if len(lattice) < LEAST_SPOTS or not np.isfinite(coords).all() or not np.ptp(lattice, axis=0).all():
        return "alike"
    fit = _fitted(lattice * np.array(pitch_um), coords)
    if fit.is_apart:
        return "apart"
    if fit.stretch < _ALIKE:
        return "coordinates exchanged" if fit.exchanges else "alike"
    exchanged = _fitted(lattice[:, ::-1] * np.array(pitch_um), coords)
    return "array exchanged" if exchanged.stretch < _ALIKE else "apart"


def _fitted(places: np.ndarray, coords: np.ndarray) -> _Fit:
    centred, target = places - places.mean(axis=0), coords - coords.mean(axis=0)
    linear, *_ = np.linalg.lstsq(centred, target, rcond=None)
    scale = np.sqrt(abs(np.linalg.det(linear)))
    residual = float(np.sqrt(np.mean(np.sum((target - centred @ linear) ** 2, axis=1))))
    return _Fit(linear=linear, residual=residual / (scale * _PITCH_UM) if scale > 0 else np.inf)


def in_words(verdict: Verdict, where: str) -> tuple[str, str] | None:
    """Say what was found, and what to do; None where there is nothing to say.

    Parameters
    ----------
    verdict : {"alike", "array exchanged", "coordinates exchanged", "apart"}
    where : str
        What contradicts itself, such as `The table of positions`.

    Returns
    -------
    (str, str) or None
    """
    found = {
        "array exchanged": "has array rows and columns that agree with its coordinates only where they change places; they are exchanged.",
        "coordinates exchanged": "has coordinates that mirror the tissue along its diagonal, against its array positions.",
        "apart": "has array positions and coordinates that do not agree up to a scale.",
    }.get(verdict)
    if found is None:
        return None
    return (
        f"{where} {found}",
        "Choose the positions if another reading is right; distances are those of the array by default.",
    )


def um_per_unit(coords: np.ndarray) -> float:
    """Find the micrometres per unit of spots that are a pitch of Visium's array apart.

    Parameters
    ----------
    coords : ndarray of shape (n_spots, 2)

    Returns
    -------
    float
    """
    distances, _ = cKDTree(coords).query(coords, k=[2])
    middle = float(np.median(distances))
    return _PITCH_UM / middle if middle > 0 else 1.0
