"""How a parameter is declared: its default, limits, label and help, where it is shown, and when it takes part.

Everything else is derived from the declaration: forms, options, addresses, sweeps, checks and reports.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from core.errors import ParameterError
from core.text import shown

Group = Literal[
    "pooling", "embedding", "reduction", "network", "weight", "direction", "clusters", "starts", "refinement"
]
"""Knobs that belong together in a form and among the options of a command."""

Needs = Mapping[str, Sequence[str]]
"""By name of a choice, those of its values with which a knob takes part."""

Tried = Sequence[Any] | Callable[[Any], Sequence[Any]]
"""Values worth trying, or how to find them from the value that a setting has."""

LAST = 9


def knob(
    default: Any,
    label: str,
    help: str,
    *,
    name: str = "",
    group: Group | None = None,
    rank: int | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: dict[str, str] | None = None,
    needs: Needs | None = None,
    or_needs: Needs | None = None,
    tried: Tried | None = None,
    searched: tuple[float, float] | None = None,
    by_factors: bool = False,
    joint: bool = False,
    angle: bool = False,
    said: Mapping[Any, str] | None = None,
) -> Any:
    """Declare one parameter, once for forms, options, addresses, sweeps, reports and checks.

    Parameters
    ----------
    default : object
        Default value.
    label, help : str
        Short name and one line of explanation, as shown to users.
    name : str
        What an address, a command line and a record call it; the field's own name by default.
    group : Group, optional
        That of its step by default.
    rank : int, optional
        Knobs that people turn sooner have a lower rank and come first; that of its step by default.
    minimum, maximum : float, optional
        Inclusive limits.
    choices : dict of str to str, optional
        Allowed values and how each is called on a page.
    needs : mapping of str to sequence of str, optional
        Values of other knobs without which it changes nothing, besides what its step needs.
    or_needs : mapping of str to sequence of str, optional
        What does as well as `needs`.
    tried : sequence or callable, optional
        Values for a grid; some around the setting's own by default.
    searched : tuple of float, optional
        Where a search looks, both ends inclusive; around the setting's own value by default.
    by_factors : bool
        Whether twice as much counts alike everywhere in `searched`.
    joint : bool
        Whether it can be turned where several samples are clustered as one.
    angle : bool
        Whether it is an angle: radians in parameters, degrees before people.
    said : mapping of object to str, optional
        Values that are no numbers in truth, and how people call them.

    Returns
    -------
    dataclasses.Field
    """
    metadata = {
        "label": label,
        "help": help,
        "name": name,
        "group": group,
        "rank": rank,
        "min": minimum,
        "max": maximum,
        "choices": choices,
        "needs": needs or {},
        "or_needs": or_needs or {},
        "tried": tried,
        "searched": searched,
        "by_factors": by_factors,
        "joint": joint,
        "angle": angle,
        "said": said or {},
    }
    return field(default=default, metadata=metadata)


def step(
    made_by: Callable[[], Any], label: str, *, group: Group | None = None, rank: int = LAST, needs: Needs | None = None
) -> Any:
    """Declare one step of the method, and what holds for its knobs unless they say otherwise.

    Parameters
    ----------
    made_by : type
        Dataclass of its parameters.
    label : str
        As shown to users.
    group : Group, optional
    rank : int
    needs : mapping of str to sequence of str, optional
        Holds for all of its knobs.

    Returns
    -------
    dataclasses.Field
    """
    metadata = {"step_label": label, "group": group, "rank": rank, "needs": needs or {}}
    return field(default_factory=made_by, metadata=metadata)


def check_limits(params: Any) -> None:
    """Refuse a value outside the limits that its field declares.

    Parameters
    ----------
    params : dataclass instance
        Fields declared with :func:`knob`.

    Raises
    ------
    ParameterError
        Naming the parameter, the value found and what is allowed.
    """
    for item in dataclasses.fields(params):
        if "label" in item.metadata:
            _check_value(item, getattr(params, item.name))


def _check_value(item: "dataclasses.Field[Any]", value: Any) -> None:
    choices, low, high = (item.metadata[key] for key in ("choices", "min", "max"))
    found = f"`{item.name}` is {shown(repr(value), 60)}, but must be"
    if choices is not None:
        if value not in choices:
            raise ParameterError(f"{found} one of {', '.join(choices)}.")
        return
    if isinstance(item.default, int) and (isinstance(value, bool) or not isinstance(value, int)):
        raise ParameterError(f"{found} a whole number.")
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))):
        raise ParameterError(f"{found} a finite number.")
    if (low is not None and value < low) or (high is not None and value > high):
        raise ParameterError(f"{found} {_allowed(low, high)}.")


def _allowed(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{low} or more"
    return f"{high} or less" if low is None else f"between {low} and {high}"


class StepParams:
    """Base of every step's parameters: limits are checked when one is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check_limits(self)
