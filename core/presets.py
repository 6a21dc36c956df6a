"""The preset that parameters are nearest to, and parameters in one line."""

from typing import Any

from core.knobs import KnobPath, declared, names, takes_part, value_at, value_in_words
from core.params import PRESETS, MethodParams, preset
from core.text import counted


def nearest_preset(params: MethodParams, n_clusters: int | None = None) -> tuple[str, dict[KnobPath, Any]]:
    """Find the preset that parameters are nearest to.

    Parameters
    ----------
    params : MethodParams
    n_clusters : int, optional
        Number of clusters that a sample suggests; by default that of `params`.

    Returns
    -------
    name : str
    changes : dict of KnobPath to object
        Knobs that are not as in the preset.
    """
    number = params.clustering.n_clusters if n_clusters is None else n_clusters
    changes = {name: _changes(params, preset(name, number)) for name in PRESETS}
    name = min(changes, key=lambda name: len(changes[name]))
    return name, changes[name]


def _changes(params: MethodParams, start: MethodParams) -> dict[KnobPath, Any]:
    return {path: value_at(params, path) for path in names() if value_at(params, path) != value_at(start, path)}


def in_words(params: MethodParams) -> str:
    """Describe parameters in one line.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    str
        The nearest preset, the number of clusters, and every knob that is not as in the preset.

    Examples
    --------
    >>> from core.params import replaced
    >>> in_words(replaced(preset("recommended", 7), ("clustering", "random_state"), 3))
    'Recommended, 7 clusters, seed 3'
    """
    name, changes = nearest_preset(params)
    n_clusters = params.clustering.n_clusters
    moved = [
        f"{declared(path).metadata['label'].lower()} {value_in_words(path, value)}"
        for path, value in changes.items()
        if takes_part(params, path)
    ]
    return ", ".join([PRESETS[name], counted(n_clusters, "cluster"), *moved])
