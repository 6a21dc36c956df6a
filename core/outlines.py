"""Outlines of cells, for pictures: where each cell ends around its centre. No step of the method reads them."""

import functools
import hashlib
from dataclasses import dataclass

import numpy as np

from core.errors import SampleError
from core.text import counted

UNIT_UM = 0.05
"""Corners are kept in whole numbers of this length, so that no cell may reach further than 1.6 mm."""

LEAST_UNIT_UM, MOST_UNIT_UM = 1e-6, 100.0
"""Of files of other programs: corners in a smaller or larger unit than these are no outlines of cells."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlines:
    """One ring of corners for each cell, or none.

    Parameters
    ----------
    corners : ndarray of shape (n_corners, 2), int16
        x and y from the centre of the cell, y down, in units of `unit_um`; the first one does not come again as the last.
    begins : ndarray of shape (n_cells + 1,), int64
        The corners of cell `c` are those from `begins[c]` up to `begins[c + 1]`; a cell without an outline has none.
    unit_um : float
        Between `LEAST_UNIT_UM` and `MOST_UNIT_UM`.

    Raises
    ------
    SampleError
        If these do not fit together.
    """

    corners: np.ndarray
    begins: np.ndarray
    unit_um: float = UNIT_UM

    def __post_init__(self) -> None:
        corners, begins = self.corners, self.begins
        if corners.ndim != 2 or corners.shape[1] != 2 or corners.dtype != np.int16:
            raise SampleError(f"Corners of outlines have the shape {corners.shape} and the type {corners.dtype}.")
        if begins.ndim != 1 or not len(begins) or begins.dtype.kind not in "iu":
            raise SampleError(f"The begins of outlines have the shape {begins.shape} and the type {begins.dtype}.")
        if begins[0] != 0 or begins[-1] != len(corners) or (begins[1:] < begins[:-1]).any():
            raise SampleError(
                f"The begins of outlines do not rise from 0 to their {counted(len(corners), 'corner')}: save the sample again."
            )
        if not LEAST_UNIT_UM <= self.unit_um <= MOST_UNIT_UM:  # nor NaN
            raise SampleError(
                f"The unit of outlines is {self.unit_um:.6g} µm: it must be a length from {LEAST_UNIT_UM:.6f} to {MOST_UNIT_UM:g} µm, "
                "so that corners lie on cells."
            )
        for name in ("corners", "begins"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.begins) - 1

    def __getitem__(self, cells: np.ndarray) -> "Outlines":
        """Take some cells, by their numbers or by a mask, in this order."""
        numbers = np.arange(len(self))[cells]
        lengths = np.diff(self.begins)[numbers]
        begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        taken = np.repeat(self.begins[numbers] - begins[:-1], lengths) + np.arange(begins[-1])
        return Outlines(corners=self.corners[taken], begins=begins, unit_um=self.unit_um)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, in bytes."""
        return self.corners.nbytes + self.begins.nbytes

    @property
    def has_outline(self) -> np.ndarray:
        """Which cells have an outline; ndarray of shape (n_cells,), bool."""
        return np.asarray(np.diff(self.begins) > 0)

    @functools.cached_property
    def digest(self) -> str:
        """Digest of all outlines, for keys of what is made of them."""
        digest = hashlib.sha256(repr(float(self.unit_um)).encode())
        digest.update(np.ascontiguousarray(self.begins, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(self.corners, dtype="<i2").tobytes())
        return digest.hexdigest()[:32]

    def ring_um(self, cell: int, centre: tuple[float, float]) -> np.ndarray:
        """Place the corners of one cell on the tissue.

        Parameters
        ----------
        cell : int
        centre : (float, float)
            x and y of the cell, in micrometres.

        Returns
        -------
        ndarray of shape (n_corners, 2), float64
        """
        first, end = self.begins[cell : cell + 2]
        return np.asarray(self.corners[first:end] * self.unit_um + np.asarray(centre, dtype=np.float64))
