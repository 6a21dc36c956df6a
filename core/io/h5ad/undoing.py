"""Counts from logarithms and from normalised values, where these tell them exactly, block by block.

A spot's values were counts times one factor. Its smallest value is one count, or a few, and then all others are multiples.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from core.io.h5ad import kinds
from core.io.h5ad.kinds import Kind, Verdict

Blocks = Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]]
"""Called for each pass over a matrix; yields numbers of spots, and as many values above 0."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Undoing:
    """How values are turned into what is kept.

    Parameters
    ----------
    kind : Kind
        Of what comes out.
    base : float, optional
        Of the logarithm that is undone; None where none is.
    unit : ndarray of shape (n_spots,), float, optional
        What one count was, where counts come out.
    """

    kind: Kind
    base: float | None = None
    unit: np.ndarray | None = None

    @property
    def changes(self) -> bool:
        """Whether values change at all."""
        return self.base is not None or self.unit is not None

    def values(self, spot: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Turn some values.

        Parameters
        ----------
        spot : ndarray of shape (n,), int
        value : ndarray of shape (n,)

        Returns
        -------
        ndarray of shape (n,)
            float64; whole numbers where counts come out.
        """
        if not self.changes:
            return value
        linear = value.astype(np.float64) if self.base is None else kinds.powers(value, self.base)
        return linear if self.unit is None else np.rint(linear / self.unit[spot])


def undoing(blocks: Blocks, n_spots: int, verdict: Verdict) -> Undoing:
    """Find how to undo what was done to a matrix, in all of its spots.

    Parameters
    ----------
    blocks : callable
        See :data:`Blocks`.
    n_spots : int
    verdict : Verdict
        Of some of its rows.

    Returns
    -------
    Undoing
        Of `restored` where every spot's values are multiples of one; `normalised` where they add up to the same; else values stay
        as they are.
    """
    if verdict.kind not in ("restored", "normalised"):
        return Undoing(kind=verdict.kind)
    smallest, totals, whole = _surveyed(blocks, n_spots, verdict.base)
    if verdict.kind == "restored":
        unit = np.ones(n_spots) if whole else _units(blocks, smallest, verdict.base)
        if unit is not None:
            return Undoing(kind="restored", base=verdict.base, unit=unit)
    if kinds.have_one_total(totals):
        return Undoing(kind="normalised", base=verdict.base)
    return Undoing(kind="fractions" if verdict.base is None else "logarithms")


def _surveyed(blocks: Blocks, n_spots: int, base: float | None) -> tuple[np.ndarray, np.ndarray, bool]:
    """Smallest value and total of each spot, and whether all values are whole."""
    smallest, totals, whole = np.full(n_spots, np.inf), np.zeros(n_spots), True
    for spot, value in blocks():
        linear = value.astype(np.float64) if base is None else kinds.powers(value, base)
        np.minimum.at(smallest, spot, linear)
        totals += np.bincount(spot, linear, n_spots)
        whole = whole and bool(kinds.nearly_whole(linear).all())
    return smallest, totals, whole


def _units(blocks: Blocks, smallest: np.ndarray, base: float | None) -> np.ndarray | None:
    """Find what one count was in each spot; None where a spot's values are no multiples."""
    fits = np.ones((len(kinds.DIVISORS), len(smallest)), dtype=bool)
    for spot, value in blocks():
        linear = value.astype(np.float64) if base is None else kinds.powers(value, base)
        for fit, divisor in zip(fits, kinds.DIVISORS, strict=True):
            fit[spot[~kinds.nearly_whole(linear / smallest[spot] * divisor)]] = False
    if not fits.any(axis=0).all():
        return None
    divisors = np.array(kinds.DIVISORS)[np.argmax(fits, axis=0)]
    return np.where(np.isfinite(smallest), smallest, 1.0) / divisors
