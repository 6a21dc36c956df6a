"""The knobs of several runs side by side: which differ, and which take no part.

Parameters in, rows of words out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.knobs import Address, declared, names, takes_part, value_at
from core.params import MethodParams

NO_PART = "–"
"""Stands for the value of a knob that changes nothing in a run, such as epochs without an autoencoder."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob in several runs.

    Parameters
    ----------
    address : tuple of str
        Where it sits in `MethodParams`.
    step, label, help : str
        As people read them.
    values : tuple of str
        One a run, `NO_PART` where the knob changes nothing.
    """

    address: Address
    step: str
    label: str
    help: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs do not all have one value."""
        return len(set(self.values)) > 1


_STEPS = {
    "pooling": "Pooling",
    "embedding": "Embedding",
    "autoencoder": "Autoencoder",
    "latent": "Small autoencoder",
    "direction": "Direction",
    "clustering": "Clustering",
    "refinement": "Refinement",
}


def settings(runs: Sequence[MethodParams]) -> list[Setting]:
    """Set the knobs of runs side by side.

    Parameters
    ----------
    runs : sequence of MethodParams

    Returns
    -------
    list of Setting
        In the order of the method; knobs that take no part in any of the runs are left out.
    """
    found = [working_values(run) for run in runs]
    rows = (_setting(address, found) for address in names())
    return [row for row in rows if set(row.values) != {NO_PART}]


def _setting(address: Address, found: Sequence[Mapping[Address, Any]]) -> Setting:
    values = tuple(NO_PART if of_run[address] is None else in_words(address, of_run[address]) for of_run in found)
    item = declared(address)
    return Setting(address, step_of(address), item.metadata["label"], item.metadata["help"], values)


def step_of(address: Address) -> str:
    """Name the step of the method that a knob belongs to.

    Parameters
    ----------
    address : tuple of str

    Returns
    -------
    str
    """
    return _STEPS.get(address[-2], address[-2].capitalize())


def working_values(params: MethodParams) -> dict[Address, Any]:
    """Give the value of every knob that takes part in a run.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    dict of Address to object
        In the order of the method; None for knobs that take no part.
    """
    return {address: value_at(params, address) if takes_part(params, address) else None for address in names()}


def in_words(address: Address, value: Any) -> str:
    """Write a knob's value as people read it.

    Parameters
    ----------
    address : tuple of str
    value : object

    Returns
    -------
    str
    """
    choices = declared(address).metadata["choices"]
    if choices:
        return str(choices[value])
    return f"{value:.10g}" if isinstance(value, float) else str(value)
