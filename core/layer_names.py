"""Names of the layers of the cortex, in the spellings that files use and as people read them."""

import re

from core.sample import UNANNOTATED

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


def display_name(name: str) -> str:
    """Write a layer's name as people read it.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        `Layer 4`, `White matter`, `Not annotated`, or the name as it is.
    """
    known = canonical(name)
    special = {"WM": "White matter", UNANNOTATED: "Not annotated"}
    return special.get(known, f"Layer {known[-1]}" if known in LAYERS else name)
