"""Knobs by short names: what an address bar, a command line and a record call each parameter of the method.

A name is the field's own, unless two steps have a field of that name or the name alone says too little.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from core.errors import ParameterError
from core.params import PRESETS, MethodParams, preset, replaced

Address = tuple[str, ...]
"""Where a knob sits in `MethodParams`, such as `("pooling", "window")`."""

_NAMES: Mapping[Address, str] = {
    ("embedding", "kind"): "embedding",
    ("embedding", "n_components"): "components",
    ("embedding", "hops"): "hops",
    ("embedding", "autoencoder", "epochs"): "epochs",
    ("embedding", "autoencoder", "learning_rate"): "learning_rate",
    ("embedding", "autoencoder", "random_state"): "training_seed",
    **{
        ("embedding", "latent", name): f"latent_{name}" for name in ("size", "units", "hops", "epochs", "learning_rate")
    },
    ("embedding", "latent", "random_state"): "latent_seed",
    ("direction", "method"): "direction",
    ("clustering", "random_state"): "seed",
    ("refinement", "rounds"): "refinement",
}

_EMBEDDING, _DIRECTION, _READ_OUT = ("embedding", "kind"), ("direction", "method"), ("clustering", "read_out")

# A knob, or a whole step, takes part only where a choice has one of some values. What is said last of a knob holds most.
_NEEDS: tuple[tuple[Address, Address, Sequence[str]], ...] = (
    (("pooling",), _EMBEDDING, ("none", "pca", "code", "reconstruction", "latent")),
    (("pooling", "scale"), _EMBEDDING, ("none", "pca", "code", "reconstruction")),  # normalised counts have no scale
    (("embedding", "n_components"), _EMBEDDING, ("pca", "factors")),
    (("embedding", "hops"), _EMBEDDING, ("factors",)),
    (("embedding", "autoencoder"), _EMBEDDING, ("code", "reconstruction")),
    (("embedding", "latent"), _EMBEDDING, ("latent",)),
    (("direction", "angle"), _DIRECTION, ("manual",)),
    *((("clustering", name), _READ_OUT, ("kmeans",)) for name in ("x_weight", "init", "n_init", "max_iter")),
)


@cache
def names() -> Mapping[Address, str]:
    """Name every knob.

    Returns
    -------
    mapping of Address to str
        In the order of the method.
    """
    addresses = list(_addresses(MethodParams(), ()))
    count = Counter(address[-1] for address in addresses)
    return {
        address: _NAMES.get(address) or (address[-1] if count[address[-1]] == 1 else "_".join(address))
        for address in addresses
    }


def _addresses(params: Any, above: Address) -> Iterator[Address]:
    for item in dataclasses.fields(params):
        value = getattr(params, item.name)
        if dataclasses.is_dataclass(value):
            yield from _addresses(value, (*above, item.name))
        else:
            yield (*above, item.name)


def address_of(name: str) -> Address:
    """Find a knob by its name.

    Parameters
    ----------
    name : str
        With underscores, or with hyphens as options of the command line have them.

    Returns
    -------
    Address

    Raises
    ------
    ParameterError
        If there is no such knob.
    """
    wanted = name.replace("-", "_")
    found = next((address for address, own in names().items() if own == wanted), None)
    if found is None:
        raise ParameterError(f"There is no knob {name!r}; there are {', '.join(names().values())}.")
    return found


def value_at(params: Any, address: Address) -> Any:
    """Look one value up.

    Parameters
    ----------
    params : dataclass instance
    address : Address

    Returns
    -------
    object
    """
    for name in address:
        params = getattr(params, name)
    return params


def declared(address: Address) -> "dataclasses.Field[Any]":
    """Look up how a knob is declared: its default, limits and words.

    Parameters
    ----------
    address : Address

    Returns
    -------
    dataclasses.Field
    """
    holder = value_at(MethodParams(), address[:-1])
    return next(item for item in dataclasses.fields(holder) if item.name == address[-1])


def read_value(address: Address, text: str) -> Any:
    """Read a knob's value as a person writes it.

    Parameters
    ----------
    address : Address
    text : str

    Returns
    -------
    object

    Raises
    ------
    ParameterError
        If it is none, or lies outside the knob's limits.
    """
    usual: Any = declared(address).default
    try:
        value = type(usual)(text)
    except ValueError:
        value = text
    replaced(MethodParams(), address, value)  # refuses what lies outside the limits
    return value


def takes_part(params: MethodParams, address: Address) -> bool:
    """Tell whether a knob can change anything in a run.

    Parameters
    ----------
    params : MethodParams
    address : Address

    Returns
    -------
    bool
        False of such as epochs without an autoencoder.
    """
    return all(value_at(params, choice) in values for choice, values in _needs(address))


def check_takes_part(address: Address, settings: Iterable[MethodParams]) -> None:
    """Refuse to turn a knob that changes nothing.

    Parameters
    ----------
    address : Address
    settings : iterable of MethodParams
        Of the runs that are to be made.

    Raises
    ------
    ParameterError
        If the knob takes part in none of them, with what it needs.
    """
    if any(takes_part(params, address) for params in settings):
        return
    choice, values = _needs(address)[-1]
    used_by = [name for name in PRESETS if takes_part(preset(name), address)]
    presets = f" (preset{'s' * (len(used_by) > 1)} {_listed(used_by, 'and')})" if used_by else ""
    raise ParameterError(
        f"{names()[address]} changes nothing in these settings. It counts where {names()[choice]} is {_listed(values, 'or')}{presets}: "
        f"choose that, or leave {names()[address]} out."
    )


def _listed(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _needs(address: Address) -> list[tuple[Address, Sequence[str]]]:
    return [(choice, values) for step, choice, values in _NEEDS if address[: len(step)] == step]


def as_flat(params: MethodParams) -> dict[str, Any]:
    """Write parameters as one value a knob.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    dict of str to object
    """
    return {name: value_at(params, address) for address, name in names().items()}


def from_flat(values: Mapping[str, Any]) -> MethodParams:
    """Read parameters back from one value a knob.

    Parameters
    ----------
    values : mapping of str to object
        Knobs that are not here keep their defaults.

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If a name is unknown, or a value lies outside its limits.
    """
    params = MethodParams()
    for name, value in values.items():
        params = replaced(params, address_of(name), value)
    return params


def nearest_preset(params: MethodParams) -> tuple[str, dict[Address, Any]]:
    """Find the preset that parameters are nearest to.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    name : str
    changes : dict of Address to object
        Knobs that are not as in the preset. The number of clusters, which a preset takes from the sample, is none of them.
    """
    changes = {name: _changes(params, preset(name, params.clustering.n_clusters)) for name in PRESETS}
    name = min(changes, key=lambda name: len(changes[name]))
    return name, changes[name]


def _changes(params: MethodParams, start: MethodParams) -> dict[Address, Any]:
    return {
        address: value_at(params, address)
        for address in names()
        if value_at(params, address) != value_at(start, address)
    }


def in_words(params: MethodParams) -> str:
    """Say in a line what parameters are.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    str
        The nearest preset, the number of clusters, and every knob that is not as in the preset.

    Examples
    --------
    >>> in_words(replaced(preset("recommended", 7), ("clustering", "random_state"), 3))
    'Recommended, 7 clusters, seed 3'
    """
    name, changes = nearest_preset(params)
    n_clusters = params.clustering.n_clusters
    moved = [f"{declared(address).metadata['label'].lower()} {_shown(value)}" for address, value in changes.items()]
    return ", ".join([PRESETS[name], f"{n_clusters} cluster{'s' * (n_clusters != 1)}", *moved])


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
