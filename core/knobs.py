"""Knobs: the name of each parameter of the method, its path, when it takes part, and its value as people read it.

All of it is derived from the declarations in `core.params`.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from core import units, version_0_1
from core.declarations import LAST, Group
from core.errors import ParameterError
from core.params import PRESETS, MethodParams, preset, replaced
from core.text import shown

KnobPath = tuple[str, ...]
"""Where a knob sits in `MethodParams`, such as `("pooling", "window")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """A declaration, completed by those of its steps."""

    declared: "dataclasses.Field[Any]"
    name: str
    step_label: str
    group: Group
    rank: int
    needs: tuple[tuple[str, Sequence[str]], ...]  # what is said last holds most


_OUTSIDE: Mapping[str, Any] = {"step_label": "", "group": "clusters", "rank": LAST, "needs": ()}


@cache
def all_knobs() -> Mapping[KnobPath, Knob]:
    """Find every knob that `MethodParams` declares.

    Returns
    -------
    mapping of KnobPath to Knob
        In the order of the method.
    """
    return dict(_found(MethodParams(), (), _OUTSIDE))


def _found(params: Any, above: KnobPath, given: Mapping[str, Any]) -> Iterator[tuple[KnobPath, Knob]]:
    for item in dataclasses.fields(params):
        own = {key: value for key, value in item.metadata.items() if key in given and value is not None}
        said = {**given, **own, "needs": (*given["needs"], *item.metadata["needs"].items())}
        path = (*above, item.name)
        if "step_label" in item.metadata:
            yield from _found(getattr(params, item.name), path, said)
        else:
            yield path, Knob(declared=item, name=item.metadata["name"] or item.name, **said)


@cache
def names() -> Mapping[KnobPath, str]:
    """Name every knob.

    Returns
    -------
    mapping of KnobPath to str
        In the order of the method.
    """
    return {path: knob.name for path, knob in all_knobs().items()}


@cache
def in_groups(*groups: Group) -> tuple[KnobPath, ...]:
    """List the knobs of some groups.

    Parameters
    ----------
    *groups : Group

    Returns
    -------
    tuple of KnobPath
        In the order of the method.
    """
    return tuple(path for path, knob in all_knobs().items() if knob.group in groups)


@cache
def joint() -> tuple[KnobPath, ...]:
    """List the knobs that can be turned where several samples are clustered as one.

    Returns
    -------
    tuple of KnobPath
        In the order of the method.
    """
    return tuple(path for path, knob in all_knobs().items() if knob.declared.metadata["joint"])


def soonest_first(paths: Iterable[KnobPath]) -> list[KnobPath]:
    """Sort knobs by how soon people turn them.

    Parameters
    ----------
    paths : iterable of KnobPath

    Returns
    -------
    list of KnobPath
        Those of one rank stay in their order.
    """
    return sorted(paths, key=lambda path: all_knobs()[path].rank)


def step_of(path: KnobPath) -> str:
    """Name the step of the method that a knob belongs to.

    Parameters
    ----------
    path : KnobPath

    Returns
    -------
    str
        As people read it.
    """
    return all_knobs()[path].step_label


@cache
def path_of(name: str) -> KnobPath:
    """Find a knob by its name.

    Parameters
    ----------
    name : str
        With underscores, or with hyphens as options of the command line have them.

    Returns
    -------
    KnobPath

    Raises
    ------
    ParameterError
        If there is no such knob.
    """
    wanted = name.replace("-", "_")
    found = next((path for path, own in names().items() if own == wanted), None)
    if wanted == version_0_1.HOPS:
        raise ParameterError(version_0_1.REPLACED)
    if found is None:
        raise ParameterError(f"There is no knob {shown(repr(name), 60)}; there are {', '.join(names().values())}.")
    return found


def value_at(params: Any, path: KnobPath) -> Any:
    """Look up one value.

    Parameters
    ----------
    params : dataclass instance
    path : KnobPath

    Returns
    -------
    object
    """
    for name in path:
        params = getattr(params, name)
    return params


def declared(path: KnobPath) -> "dataclasses.Field[Any]":
    """Look up how a knob is declared: its default, limits, label and help.

    Parameters
    ----------
    path : KnobPath

    Returns
    -------
    dataclasses.Field
    """
    return all_knobs()[path].declared


def read_value(path: KnobPath, text: str) -> Any:
    """Read a knob's value as a person writes it.

    Parameters
    ----------
    path : KnobPath
    text : str

    Returns
    -------
    object

    Raises
    ------
    ParameterError
        If it is not a value, or lies outside the knob's limits.
    """
    default: Any = declared(path).default
    said = {words: number for number, words in declared(path).metadata["said"].items()}
    text = str(said.get(text, text))
    try:
        value = units.angle_of(text) if declared(path).metadata["angle"] else type(default)(text)
    except ValueError:
        value = text
    replaced(MethodParams(), path, value)  # refuses what lies outside the limits
    return value


def value_in_words(path: KnobPath, value: Any) -> str:
    """Write a knob's value as people read it; :func:`read_value` reads it back, unless it is a choice.

    Parameters
    ----------
    path : KnobPath
    value : object

    Returns
    -------
    str
        A choice as pages call it, an angle in degrees, any other number as it is typed.

    Examples
    --------
    >>> value_in_words(("direction", "angle"), 0.38), value_in_words(("pooling", "scale"), 2.0)
    ('21.8°', '2')
    """
    return field_in_words(declared(path), value)


def field_in_words(item: "dataclasses.Field[Any]", value: Any) -> str:
    """Write the value of a declared field as people read it: of a knob, or of any other parameter dataclass.

    Parameters
    ----------
    item : dataclasses.Field
    value : object

    Returns
    -------
    str
        As :func:`value_in_words`.
    """
    called = item.metadata["choices"] or item.metadata["said"]
    if item.metadata["choices"] or value in called:
        return str(called.get(value, value))
    if item.metadata["angle"]:
        return units.degrees(value)
    return units.plain(value) if isinstance(value, float) else str(value)


def takes_part(params: MethodParams, path: KnobPath) -> bool:
    """Check whether a knob can change anything in a run.

    Parameters
    ----------
    params : MethodParams
    path : KnobPath

    Returns
    -------
    bool
        Epochs take no part without an autoencoder, for example.
    """
    instead = declared(path).metadata["or_needs"].items()
    return _met(params, all_knobs()[path].needs) or bool(instead and _met(params, instead))


def _met(params: MethodParams, needs: Iterable[tuple[str, Sequence[str]]]) -> bool:
    return all(value_at(params, path_of(choice)) in values for choice, values in needs)


def in_use(params: MethodParams) -> dict[str, Any]:
    """Write the parameters that take part in a run, as files do that others read.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    dict
        Nested as `MethodParams.as_dict`, without knobs that change nothing in these settings.
    """
    found: dict[str, Any] = {}
    for path in names():
        if takes_part(params, path):
            inner = found
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            inner[path[-1]] = value_at(params, path)
    return found


def check_takes_part(path: KnobPath, settings: Iterable[MethodParams]) -> None:
    """Refuse to turn a knob that changes nothing.

    Parameters
    ----------
    path : KnobPath
    settings : iterable of MethodParams
        Of the runs that are to be made.

    Raises
    ------
    ParameterError
        If the knob takes part in none of them, with what it needs.
    """
    if any(takes_part(params, path) for params in settings):
        return
    needs = (all_knobs()[path].needs[-1], *declared(path).metadata["or_needs"].items())
    where = " or ".join(f"{choice} is {_listed(values, 'or')}" for choice, values in needs)
    used_by = [name for name in PRESETS if takes_part(preset(name), path)]
    presets = f" (preset{'s' * (len(used_by) > 1)} {_listed(used_by, 'and')})" if used_by else ""
    raise ParameterError(
        f"{names()[path]} changes nothing in these settings. It counts where {where}{presets}: "
        f"choose that, or leave {names()[path]} out."
    )


def _listed(items: Sequence[str], last: str) -> str:
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def as_flat(params: MethodParams) -> dict[str, Any]:
    """Write parameters as one value per knob.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    dict of str to object
    """
    return {name: value_at(params, path) for path, name in names().items()}


def from_flat(values: Mapping[str, Any]) -> MethodParams:
    """Read parameters back from one value per knob.

    Parameters
    ----------
    values : mapping of str to object
        Missing knobs keep their defaults. Knobs of version 0.1 are read, too.

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If a name is unknown, or a value lies outside its limits.
    """
    return changed(MethodParams(), {path_of(name): value for name, value in version_0_1.renewed(values).items()})


def changed(params: MethodParams, values: Mapping[KnobPath, Any]) -> MethodParams:
    """Copy parameters with some values changed.

    Parameters
    ----------
    params : MethodParams
    values : mapping of KnobPath to object

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If a value lies outside its limits.
    """
    for path, value in values.items():
        params = replaced(params, path, value)
    return params
