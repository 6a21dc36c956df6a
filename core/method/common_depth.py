"""One scale of depth for several sections, whose own depths begin at other places, may grow the other way and cross other layers.

The curve that tells expression by depth is learnt in one section. Each other section's depth is stretched, turned and moved until that
curve tells the section's expression as well as it can. Where it hardly does, the sections have no depth in common.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.coordinates import Coordinates, canonical_order
from core.depth import FoundDirection
from core.method.bending import smooth_curve
from core.method.threads import one_thread

LEAST_SHARE = 0.5
"""Of what a section's own curve explains: where another section's curve explains less, their layers are not the same."""

_N_ASKED = 2000  # spots of a section that the curve is compared with
_STRETCHES = (0.4, 0.55, 0.75, 1.0, 1.33, 1.8, 2.5)  # of one section's spread of depth to another's
_PLACES = 41  # where the middle of a section may lie in the other's depth
_ROUNDS, _TRIED = 6, (-1.0, -0.5, 0.0, 0.5, 1.0)  # of a search around the best, with half the step each time


@dataclass(frozen=True, slots=True)
class _Section:
    """All spots, in an order that does not depend on the file."""

    factors: np.ndarray
    depths: np.ndarray


def common_depths(
    factors: Sequence[np.ndarray], coordinates: Sequence[Coordinates], found: Sequence[FoundDirection]
) -> list[np.ndarray] | None:
    """Bring the depths of several sections onto one scale.

    Parameters
    ----------
    factors : sequence of ndarray of shape (n_spots, n_factors)
        Of each section, in one space, so that the same tissue has the same factors. Not modified.
    coordinates : sequence of Coordinates
    found : sequence of FoundDirection
        Each section's own; the one that explains most gives the scale.

    Returns
    -------
    list of ndarray of shape (n_spots,), or None
        None where a section has no depth that takes part, or none that the others have, too.
    """
    if not all(one.takes_part for one in found):
        return None
    first = max(range(len(found)), key=lambda section: found[section].support or 0.0)
    own = [direction.depth_um(place) for direction, place in zip(found, coordinates, strict=True)]
    with one_thread():
        parts = [
            _Section(values[order], depths[order])
            for values, depths, order in zip(factors, own, map(_ordered, coordinates), strict=True)
        ]
        scales = [(1.0, 0.0) if part is parts[first] else _onto(parts[first], part) for part in parts]
    known = [scale for scale in scales if scale is not None]
    if len(known) < len(scales):
        return None
    return [stretch * depths + start for depths, (stretch, start) in zip(own, known, strict=True)]


def _ordered(coordinates: Coordinates) -> np.ndarray:
    return canonical_order(coordinates.positions)


def _onto(first: _Section, other: _Section) -> tuple[float, float] | None:
    """Find by how much to stretch another section's depth, and where it starts on the first one's; None where they have none in common."""
    curve = smooth_curve(first.factors, first.depths)
    mean, spread = float(other.depths.mean()), max(float(other.depths.std()), 1e-12)
    asked = np.linspace(0, len(other.depths) - 1, min(len(other.depths), _N_ASKED)).astype(int)
    factors, standard = other.factors[asked], (other.depths[asked] - mean) / spread
    low, high = float(first.depths.min()), float(first.depths.max())

    def unexplained(tried: tuple[float, float]) -> float:
        stretch, place = tried
        return float(np.square(factors - curve(np.clip(stretch * standard + place, low, high))).sum())

    stretch, place = _searched(unexplained, float(first.depths.std()), low, high)
    own = smooth_curve(other.factors, other.depths)(other.depths[asked])
    structure = float(np.square(factors - factors.mean(axis=0)).sum())
    by_own, by_other = structure - float(np.square(factors - own).sum()), structure - unexplained((stretch, place))
    if by_other < LEAST_SHARE * by_own or by_other <= 0:
        return None
    return stretch / spread, place - stretch / spread * mean


def _searched(
    unexplained: Callable[[tuple[float, float]], float], spread: float, low: float, high: float
) -> tuple[float, float]:
    """Look at stretches and places on a grid, and then ever nearer around the best of them."""
    stretches = [sign * share * spread for share in _STRETCHES for sign in (1.0, -1.0)]
    best = min(itertools.product(stretches, np.linspace(low, high, _PLACES).tolist()), key=unexplained)
    step = (0.2 * abs(best[0]), (high - low) / (_PLACES - 1))
    for _ in range(_ROUNDS):
        around = [(best[0] + of * step[0], best[1] + by * step[1]) for of in _TRIED for by in _TRIED]
        best, step = min(around, key=unexplained), (step[0] / 2, step[1] / 2)
    return best
