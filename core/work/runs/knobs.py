"""Parameters of the method as parameters of an Optuna trial, and back.

Every knob is one parameter, named by its path, such as `embedding.autoencoder.width`: short names may change when a
knob is added, and records outlive that. Limits and choices of its distribution are those that `core.params` declares.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core import version_0_1
from core.errors import ParameterError
from core.knobs import declared, names, value_at
from core.params import MethodParams

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def trial_params(params: MethodParams) -> dict[str, Any]:
    """Write parameters as an Optuna trial has them.

    Returns
    -------
    dict of str to object
        Value of every knob by its path, whether it played a part or not.
    """
    return {".".join(path): value_at(params, path) for path in names()}


def method_params(values: Mapping[str, Any]) -> tuple[MethodParams, dict[str, Any]]:
    """Read parameters as an Optuna trial has them, also one that another version of this program wrote.

    Parameters
    ----------
    values : mapping of str to object
        By path. A knob that is missing has its default.

    Returns
    -------
    params : MethodParams
    aside : dict of str to object
        Knobs that this version does not have, and values that it does not allow.
    """
    values = version_0_1.renewed(values)
    aside = {name: value for name, value in values.items() if name not in _declared()}
    return _built(MethodParams, "", values, aside), aside


@functools.cache
def distributions() -> dict[str, "BaseDistribution"]:
    """Say what every knob may be, as Optuna does.

    Returns
    -------
    dict of str to optuna.distributions.BaseDistribution
        By path.
    """
    return {name: _distribution(item) for name, item in _declared().items()}


@functools.cache
def choices_digest() -> str:
    """Name the choices that knobs offer: Optuna takes no trial into a study whose parameters have other choices.

    Returns
    -------
    str
        Other digits once a knob has another choice; limits of numbers may move.
    """
    offered = {name: list(item.metadata["choices"] or ()) for name, item in _declared().items()}
    kinds = {name: type(item.default).__name__ for name, item in _declared().items()}
    return hashlib.sha256(json.dumps([offered, kinds], sort_keys=True).encode()).hexdigest()


@functools.cache
def _declared() -> "dict[str, dataclasses.Field[Any]]":
    return {".".join(path): declared(path) for path in names()}


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
    for own_name, inner in _fields(owner):
        name = above + own_name
        if inner is not None:
            given[own_name] = _built(inner, f"{name}.", values, aside)
        elif name in values:
            given[own_name] = values[name]
    try:
        return _step(owner, tuple(given.items()))
    except ParameterError:
        return _with_what_is_allowed(owner, above, given, aside)


@functools.cache
def _fields(owner: Any) -> list[tuple[str, Any]]:
    """Name the fields of a step, each with the dataclass that it holds, if it holds one."""
    made_by = [(item.name, item.default_factory) for item in dataclasses.fields(owner)]
    return [(name, inner if dataclasses.is_dataclass(inner) else None) for name, inner in made_by]


# The runs of a sweep share most of their steps, and ten thousand are read at a time.
@functools.lru_cache(maxsize=4096)
def _step(owner: Any, given: tuple[tuple[str, Any], ...]) -> Any:
    return owner(**dict(given))


def _with_what_is_allowed(owner: Any, above: str, given: dict[str, Any], aside: dict[str, Any]) -> Any:
    step = owner()
    for name, value in given.items():
        try:
            step = dataclasses.replace(step, **{name: value})
        except ParameterError:
            aside[above + name] = value
    return step
