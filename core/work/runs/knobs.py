"""Parameters of the method as parameters of an Optuna trial, and back.

Every knob is one parameter, named by its address, such as `embedding.autoencoder.width`; limits and choices of its
distribution are those that `core.params` declares.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.errors import ParameterError
from core.params import MethodParams

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def trial_params(params: MethodParams) -> dict[str, Any]:
    """Write parameters as an Optuna trial has them.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    dict of str to object
        Value of every knob by its address, whether it played a part or not.
    """
    return {name: value for name, _, value in _knobs(params)}


def method_params(values: Mapping[str, Any]) -> tuple[MethodParams, dict[str, Any]]:
    """Read parameters as an Optuna trial has them, also one that another version of this program wrote.

    Parameters
    ----------
    values : mapping of str to object
        By address. A knob that is missing has its default.

    Returns
    -------
    params : MethodParams
    aside : dict of str to object
        Knobs that this version does not have, and values that it does not allow.
    """
    aside = {name: value for name, value in values.items() if name not in _names()}
    return _built(MethodParams, "", values, aside), aside


@functools.cache
def distributions() -> dict[str, "BaseDistribution"]:
    """Say what every knob may be, as Optuna does.

    Returns
    -------
    dict of str to optuna.distributions.BaseDistribution
        By address.
    """
    return {name: _distribution(item) for name, item, _ in _knobs(MethodParams())}


@functools.cache
def choices_digest() -> str:
    """Name the choices that knobs offer: Optuna takes no trial into a study whose parameters have other choices.

    Returns
    -------
    str
        Other digits once a knob has another choice; limits of numbers may move.
    """
    offered = {name: list(item.metadata["choices"] or ()) for name, item, _ in _knobs(MethodParams())}
    kinds = {name: type(item.default).__name__ for name, item, _ in _knobs(MethodParams())}
    return hashlib.sha256(json.dumps([offered, kinds], sort_keys=True).encode()).hexdigest()


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(trial_params(MethodParams()))


def _knobs(params: Any, above: str = "") -> Iterator[tuple[str, "dataclasses.Field[Any]", Any]]:
    for item in dataclasses.fields(params):
        value = getattr(params, item.name)
        if dataclasses.is_dataclass(value):
            yield from _knobs(value, f"{above}{item.name}.")
        else:
            yield above + item.name, item, value


def _distribution(item: "dataclasses.Field[Any]") -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    choices, low, high = (item.metadata[key] for key in ("choices", "min", "max"))
    if choices is not None:
        return CategoricalDistribution(list(choices))
    if isinstance(item.default, bool):
        return CategoricalDistribution([False, True])
    return (IntDistribution if isinstance(item.default, int) else FloatDistribution)(low, high)


def _built(owner: Any, above: str, values: Mapping[str, Any], aside: dict[str, Any]) -> Any:
    given = {}
    for item in dataclasses.fields(owner):
        name = above + item.name
        made_by: Any = item.default_factory
        if dataclasses.is_dataclass(made_by):
            given[item.name] = _built(made_by, f"{name}.", values, aside)
        elif name in values:
            given[item.name] = values[name]
    try:
        return owner(**given)
    except ParameterError:
        return _with_what_is_allowed(owner, above, given, aside)


def _with_what_is_allowed(owner: Any, above: str, given: dict[str, Any], aside: dict[str, Any]) -> Any:
    step = owner()
    for name, value in given.items():
        try:
            step = dataclasses.replace(step, **{name: value})
        except ParameterError:
            aside[above + name] = value
    return step
