"""Names of the layers of the cortex, in the spellings that files use and as people read them."""

import re
from collections.abc import Iterable

from core.sample import UNANNOTATED, UNANNOTATED_SPELLINGS

LAYERS = ("Layer1", "Layer2", "Layer3", "Layer4", "Layer5", "Layer6", "WM", UNANNOTATED)
"""Names with a fixed colour, from the surface of the cortex inwards; the unannotated come last."""


def canonical(name: str) -> str:
    """Convert the spellings of a layer's name to one.

    Parameters
    ----------
    name : str
        `L1`, `Layer 1`, `layer_1`, `White matter`, ...

    Returns
    -------
    str
        One of `LAYERS` where the name is known, else the name unchanged.

    Examples
    --------
    >>> canonical("L4"), canonical("White matter"), canonical("Tumour")
    ('Layer4', 'WM', 'Tumour')
    """
    plain = re.sub(r"[\s_-]", "", name).lower()
    if found := re.fullmatch(r"(?:l|layer)([1-6])", plain):
        return f"Layer{found[1]}"
    if plain in ("wm", "whitematter"):
        return "WM"
    return UNANNOTATED if plain in ("na", "nan", "none", "unannotated", "") else name


def without_class(names: Iterable[str]) -> set[str]:
    """Find which names of an annotation mean that a spot has no class.

    Parameters
    ----------
    names : iterable of str
        All that occur.

    Returns
    -------
    set of str
        Spellings of "not annotated", and `-1`, as programs number what they leave out, where no other number is below 0.

    Examples
    --------
    >>> sorted(without_class(["Layer1", "Unassigned", ""])), without_class(["-1", "0", "1"]), without_class(["-1", "-2", "1"])
    (['', 'Unassigned'], {'-1'}, set())
    """
    every = set(names)
    none = {name for name in every if name.strip().lower() in UNANNOTATED_SPELLINGS}
    others = every - none - {"-1"}
    left_out = bool(others) and not any(re.fullmatch(r"-\d+", name.strip()) for name in others)
    return none | ({"-1"} & every if left_out else set())


def display_name(name: str) -> str:
    """Write a layer's name as people read it.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        `Layer 4`, `Layer 2/3`, `White matter`, `Not annotated`, or the name as it is.
    """
    if several := layers_joined(name):
        return "Layer " + "/".join(layer[-1] for layer in several)
    known = canonical(name)
    special = {"WM": "White matter", UNANNOTATED: "Not annotated"}
    return special.get(known, f"Layer {known[-1]}" if known in LAYERS else name)


def layers_joined(name: str) -> tuple[str, ...]:
    """Read the name of several layers in one.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of str
        Their names in `LAYERS`; empty where it is no such name.

    Examples
    --------
    >>> layers_joined("L2/3"), layers_joined("L2")
    (('Layer2', 'Layer3'), ())
    """
    found = re.fullmatch(r"(?:l|layer)([1-6](?:/[1-6])+)", re.sub(r"[\s_-]", "", name).lower())
    return tuple(f"Layer{number}" for number in found[1].split("/")) if found else ()
