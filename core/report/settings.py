"""The knobs of several runs side by side: which differ, and which take no part.

Parameters in, rows of words out.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.knobs import Address, declared, names, value_at
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
    rows = (_setting(address, runs) for address in names())
    return [row for row in rows if set(row.values) != {NO_PART}]


def _setting(address: Address, runs: Sequence[MethodParams]) -> Setting:
    item = declared(address)
    values = tuple(_in_words(item, value_at(run, address)) if takes_part(run, address) else NO_PART for run in runs)
    step = _STEPS.get(address[-2], address[-2].capitalize())
    return Setting(address, step, item.metadata["label"], item.metadata["help"], values)


def takes_part(params: MethodParams, address: Address) -> bool:
    """Whether a knob can change the labels of a run, as its other knobs stand.

    Parameters
    ----------
    params : MethodParams
    address : tuple of str

    Returns
    -------
    bool
    """
    embedding, clustering = params.embedding, params.clustering
    conditions = {
        ("pooling",): embedding.pools,
        ("embedding", "n_components"): embedding.kind in ("pca", "factors"),
        ("embedding", "hops"): embedding.kind == "factors",
        ("embedding", "autoencoder"): embedding.needs_training,
        ("direction", "angle"): params.direction.method == "manual",
        ("clustering", "x_weight"): clustering.by_kmeans,
        ("clustering", "init"): clustering.by_kmeans,
        ("clustering", "n_init"): clustering.by_kmeans,
        ("clustering", "max_iter"): clustering.by_kmeans,
    }
    return all(holds for of, holds in conditions.items() if address[: len(of)] == of)


def _in_words(item: "dataclasses.Field[Any]", value: Any) -> str:
    choices = item.metadata["choices"]
    if choices:
        return str(choices[value])
    return f"{value:.10g}" if isinstance(value, float) else str(value)
