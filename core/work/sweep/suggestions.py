"""Suggestions for a sweep: which knobs matter for a setting, and values worth trying.

Chosen from the meaning of the knobs, without any annotation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core import knobs
from core.params import MethodParams
from core.work.sweep.guiding import GuidedBy
from core.work.sweep.varied import Range

_FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)


def relevant(params: MethodParams, guided_by: GuidedBy | None = None) -> list[str]:
    """List the knobs that change the labels of a setting, those that users turn most often first."""
    takes_part = knobs.takes_part if guided_by is None else guided_by.takes_part
    return [knobs.names()[path] for path in knobs.soonest_first(knobs.names()) if takes_part(params, path)]


def values(knob: str, params: MethodParams) -> tuple[Any, ...]:
    """Suggest values of a knob for a grid.

    Parameters
    ----------
    knob : str
    params : MethodParams
        Its own value is among them.
    """
    path = knobs.path_of(knob)
    own, declared = knobs.value_at(params, path), knobs.declared(path).metadata
    if declared["choices"]:
        return tuple(declared["choices"])
    tried = declared["tried"] or _around(own, declared)
    found = tuple(tried(own) if callable(tried) else tried)
    return found if own in found else tuple(sorted((*found, own)))


def search_range(knob: str, params: MethodParams) -> Range:
    """Suggest the range of a knob for a search."""
    path = knobs.path_of(knob)
    declared = knobs.declared(path).metadata
    if declared["choices"]:
        return Range(knob=knob)
    if declared["searched"]:
        low, high = declared["searched"]
        return Range(knob=knob, low=low, high=high, log=declared["by_factors"])
    low, *_, high = _around(knobs.value_at(params, path), declared)
    return Range(knob=knob, low=low, high=high, log=low > 0)


def _around(own: Any, declared: Mapping[str, Any]) -> Sequence[Any]:
    """Find values near a setting's own, inside the limits, where the declaration of the knob names none."""
    near = [own * factor for factor in _FACTORS] if own else [0, 1, 2]
    if isinstance(own, int):
        near = [round(value) for value in near]
    return sorted({min(max(value, declared["min"]), declared["max"]) for value in near})


def to_search(params: MethodParams, guided_by: GuidedBy | None = None) -> tuple[str, ...]:
    """Suggest which knobs to search over by default.

    Returns
    -------
    tuple of str
        Two or three that matter most, none of which changes how many domains are found.
    """
    wanted = ("window", "x_weight", "components", "refinement")
    return tuple(knob for knob in wanted if knob in relevant(params, guided_by))[:3]
