"""What a newcomer would want to sweep: which knobs matter for a setting, and values worth trying.

Chosen from what the knobs mean; no annotation was looked at.
"""

from collections.abc import Mapping
from typing import Any

from core import knobs
from core.params import MethodParams
from core.work.sweep.plan import Range

_MOST_TURNED_FIRST = (
    *("window", "scale", "x_weight", "n_clusters", "refinement", "direction", "angle", "components", "hops"),
    *("latent_size", "latent_hops", "latent_units", "latent_epochs", "latent_learning_rate", "latent_seed"),
    *("width", "epochs", "learning_rate", "weight_decay", "batch_size", "training_seed"),
    *("embedding", "read_out", "init", "n_init", "max_iter", "seed"),
)

_VALUES: Mapping[str, tuple[Any, ...]] = {
    "window": (1, 2, 4, 6, 10),
    "scale": (0.5, 1.0, 2.0, 4.0, 8.0),
    "components": (8, 16, 30, 60),
    "hops": (0, 1, 2, 4),
    "width": (50, 200, 800),
    "epochs": (25, 50, 100),
    "learning_rate": (0.001, 0.003, 0.01),
    "weight_decay": (0.0, 1e-5, 1e-3),
    "batch_size": (64, 128, 256),
    "training_seed": (0, 1, 2),
    "x_weight": (0.5, 1.0, 2.0, 5.0, 10.0),
    "angle": (0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8),
    "n_clusters": (5, 6, 7, 8, 9),
    "n_init": (1, 5, 20),
    "max_iter": (30, 100, 300),
    "seed": (0, 1, 2, 3, 4),
    "refinement": (0, 1, 2, 4),
}

_RANGES: Mapping[str, tuple[float, float, bool]] = {
    "window": (1, 12, False),
    "scale": (0.2, 20.0, True),
    "components": (4, 64, True),
    "hops": (0, 6, False),
    "width": (16, 1024, True),
    "epochs": (10, 100, True),
    "learning_rate": (1e-4, 1e-1, True),
    "weight_decay": (1e-7, 1e-2, True),
    "batch_size": (32, 512, True),
    "training_seed": (0, 9, False),
    "x_weight": (0.1, 50.0, True),
    "angle": (0.0, 3.14, False),
    "n_clusters": (4, 12, False),
    "n_init": (1, 20, True),
    "max_iter": (20, 300, True),
    "seed": (0, 99, False),
    "refinement": (0, 5, False),
}


def relevant(params: MethodParams) -> list[str]:
    """List the knobs that change the labels of a setting, what is turned most often first.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    list of str
    """
    return [knob for knob in _MOST_TURNED_FIRST if knobs.takes_part(params, knobs.address_of(knob))]


def values(knob: str, params: MethodParams) -> tuple[Any, ...]:
    """Suggest values of a knob for a grid.

    Parameters
    ----------
    knob : str
    params : MethodParams
        Its own value is among them.

    Returns
    -------
    tuple of object
    """
    address = knobs.address_of(knob)
    own, choices = knobs.value_at(params, address), knobs.declared(address).metadata["choices"]
    if choices:
        return tuple(choices)
    if knob == "n_clusters":
        return tuple(range(max(2, own - 2), own + 3))
    if knob == "scale":
        return tuple(own * factor for factor in (0.1, 0.3, 1.0, 3.0, 10.0))
    usual = _VALUES[knob]
    return usual if own in usual else tuple(sorted((*usual, own)))


def search_range(knob: str, params: MethodParams) -> Range:
    """Suggest where a search looks along a knob.

    Parameters
    ----------
    knob : str
    params : MethodParams

    Returns
    -------
    Range
    """
    if knob not in _RANGES:
        return Range(knob=knob)
    low, high, log = _RANGES[knob]
    if knob == "scale":
        own = params.pooling.scale
        low, high = max(1e-6, own / 10), min(1e9, own * 10)
    return Range(knob=knob, low=low, high=high, log=log)


def to_search(params: MethodParams) -> tuple[str, ...]:
    """Suggest which knobs to search over, where nobody says.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    tuple of str
        Two or three that matter most, none of which changes how many domains are found.
    """
    wanted = ("window", "x_weight", "hops", "components", "refinement")
    return tuple(knob for knob in wanted if knob in relevant(params))[:3]
