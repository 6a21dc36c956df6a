"""How far expression is averaged over the tissue, where the tissue itself decides it."""

from dataclasses import dataclass

from core import units
from core.depth import SET_ASIDE, FoundDirection, support_in_words
from core.text import counted

_HARDLY_ANY = 0.05  # share of noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaging:
    """How far expression was averaged in a run that left it to the tissue.

    Parameters
    ----------
    hops : int
        How often spots are averaged with their neighbours at most; as many rings of neighbours take part. 0 is not at all.
    noise : float
        Share of the variance of the factors between spots that is noise, from 0 to 1.
    spacing_um : float or None
        Micrometres between neighbours, the median; None where the unit of the positions is not known.
    of_components : bool
        Whether principal components were averaged and clustered, without depth, because fits of factors hardly agreed.
    """

    hops: int
    noise: float
    spacing_um: float | None = None
    of_components: bool = False

    @property
    def reaches(self) -> tuple[int, ...]:
        """The hops of the members of a consensus: one ring less, and the rings themselves."""
        return (self.hops - 1, self.hops) if self.hops > 1 else (self.hops,)

    @property
    def window(self) -> int:
        """The window k that reaches as far."""
        return self.hops + 1


def reaches(window: int, found: Averaging | None) -> tuple[int, ...]:
    """List how often the members of a consensus are averaged.

    Parameters
    ----------
    window : int
        Window k of the parameters.
    found : Averaging or None
        What the tissue decided; None where the window is given.

    Returns
    -------
    tuple of int
    """
    return (window - 1,) if found is None else found.reaches


def averaging_in_words(found: Averaging) -> str:
    """Say how far expression was averaged, and why.

    Parameters
    ----------
    found : Averaging

    Returns
    -------
    str

    Examples
    --------
    >>> averaging_in_words(Averaging(hops=2, noise=0.33, spacing_um=100.0))
    'averaged over 2 rings of neighbours (200 µm): 33% of what differs between spots is noise'
    >>> averaging_in_words(Averaging(hops=0, noise=0.0, spacing_um=200.0))
    'not averaged: neighbours, 200 µm apart, differ by more than noise'
    """
    if found.hops == 0:
        apart = "" if found.spacing_um is None else f", {found.spacing_um:.0f} µm apart,"
        return f"not averaged: neighbours{apart} differ by more than noise"
    far = "" if found.spacing_um is None else f" ({found.hops * found.spacing_um:.0f} µm)"
    averaged = f"averaged over {counted(found.hops, 'ring')} of neighbours{far}"
    if found.noise < _HARDLY_ANY:
        return f"{averaged}, which hardly changes them"
    return f"{averaged}: {units.percent(found.noise, 0)} of what differs between spots is noise"


def chosen_in_words(averaging: Averaging | None, direction: FoundDirection | None) -> str:
    """Say in a line what was chosen for a tissue, and why.

    Parameters
    ----------
    averaging : Averaging or None
    direction : FoundDirection or None

    Returns
    -------
    str
        A sentence; empty where nothing was left to the tissue.
    """
    parts = [] if averaging is None else [averaging_in_words(averaging)]
    if averaging is not None and averaging.of_components:
        parts.append(f"principal components without depth, because {SET_ASIDE}")
    elif direction is not None and direction.bend is not None:
        share = support_in_words(direction)
        gained = f"explains {share} of the structure of expression where it was not learnt"
        parts.append(f"a bending depth {gained}" if direction.takes_part else f"no depth: one that bends {gained}")
    words = "; ".join(parts)
    return f"Chosen for this tissue: {words}." if words else ""
