"""The knobs of several runs side by side: which differ, and which take no part.

Parameters in, rows of text out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.knobs import KnobPath, declared, names, step_of, takes_part, value_at, value_in_words
from core.params import MethodParams

NO_PART = "–"
"""Stands for the value of a knob that changes nothing in a run, such as epochs without an autoencoder."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One knob in several runs.

    Parameters
    ----------
    path : KnobPath
        Where it sits in `MethodParams`.
    step, label, help : str
        As shown to people.
    values : tuple of str
        One per run, `NO_PART` where the knob changes nothing.
    """

    path: KnobPath
    step: str
    label: str
    help: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs do not all have one value."""
        return len(set(self.values)) > 1


def settings(runs: Sequence[MethodParams]) -> list[Setting]:
    """Compare the knobs of runs side by side.

    Parameters
    ----------
    runs : sequence of MethodParams

    Returns
    -------
    list of Setting
        In the order of the method; knobs that take no part in any of the runs are left out.
    """
    found = [working_values(run) for run in runs]
    rows = (_setting(path, found) for path in names())
    return [row for row in rows if set(row.values) != {NO_PART}]


def _setting(path: KnobPath, found: Sequence[Mapping[KnobPath, Any]]) -> Setting:
    values = tuple(NO_PART if of_run[path] is None else value_in_words(path, of_run[path]) for of_run in found)
    item = declared(path)
    return Setting(path, step_of(path), item.metadata["label"], item.metadata["help"], values)


def working_values(params: MethodParams) -> dict[KnobPath, Any]:
    """Give the value of every knob that takes part in a run.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    dict of KnobPath to object
        In the order of the method; None for knobs that take no part.
    """
    return {path: value_at(params, path) if takes_part(params, path) else None for path in names()}
