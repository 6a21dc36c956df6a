"""How thick domains and layers are: lengths of the ways across them, as `core.evaluation.ways` traces them.

The length of a way in one domain is what an anatomist measures between two borders, wherever the layers curve, and however a
bending depth is scaled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from core.coordinates import Coordinates
from core.csv_text import csv_text
from core.depth import FoundDirection
from core.evaluation.following import measure_stretches
from core.evaluation.ways import Ways, trace_ways
from core.layer_names import display_name
from core.method.neighbours import neighbour_graph
from core.sample import UNANNOTATED

FEWEST_WAYS = 5
"""From fewer whole ways there are no quartiles."""

COLUMNS = ("labels", "name", "thickness", "lower_quartile", "upper_quartile", "unit", "n_whole", "n_ways", "reason")
"""Of the table: `labels` is `predicted` or `annotated`."""

_STRAYS = 4  # spots: smaller pieces of a domain are strays
_BUNDLE = 8  # ways, one of them itself, that a length is averaged over
_SHORTEST = 0.5  # spacings: a shorter stretch only cuts the corner of one spot's area
_OUTSIDE, _STRAY = -1, -2
_UNITS = {"µm": "um", "units": "unit of the file"}  # for programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Thickness:
    """Thickness of one domain or layer.

    Parameters
    ----------
    label : str
    median_um, lower_um, upper_um : float
        Median and quartiles over the length of the domain, in micrometres, or in units of the file where the sample's unit is
        not known; NaN with fewer than :data:`FEWEST_WAYS` whole ways.
    n_ways : int
        Ways that start in the domain.
    n_whole : int
        Those that pass both borders of it inside the tissue: only these are measured.
    """

    label: str
    median_um: float = float("nan")
    lower_um: float = float("nan")
    upper_um: float = float("nan")
    n_ways: int = 0
    n_whole: int = 0

    @property
    def known(self) -> bool:
        """Whether there are enough ways to tell."""
        return self.n_whole >= FEWEST_WAYS

    @property
    def reason(self) -> str:
        """Why the thickness is not known, in a sentence; empty where it is."""
        if self.known:
            return ""
        if self.n_ways < FEWEST_WAYS:
            return f"Ways that start in it: {self.n_ways}; {FEWEST_WAYS} are needed."
        return (
            f"Both its borders lie inside the tissue on {self.n_whole} of {self.n_ways} ways; {FEWEST_WAYS} are needed."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Thicknesses:
    """Thickness of the domains of a run and of the annotated layers, measured along the same ways.

    Parameters
    ----------
    unit : str
        Of all lengths: `µm`, or `units` of the file where the sample's unit is not known.
    predicted, annotated : tuple of Thickness
        In ascending order of labels; `annotated` is empty without an annotation.
    """

    unit: str
    predicted: tuple[Thickness, ...]
    annotated: tuple[Thickness, ...] = ()


def measure(
    found: FoundDirection,
    coordinates: Coordinates,
    labels: np.ndarray,
    labels_true: np.ndarray | None,
    neighbours: sparse.csr_array | None = None,
) -> Thicknesses:
    """Measure how thick the domains and the annotated layers are across the layers.

    Parameters
    ----------
    found : FoundDirection
        Straight or bent.
    coordinates : Coordinates
    labels : ndarray of shape (n_spots,), int or str
    labels_true : ndarray of shape (n_spots,), str, or None
    neighbours : csr_array of shape (n_spots, n_spots), optional
        From :func:`core.method.neighbours.neighbour_graph`, where they are known already.

    Returns
    -------
    Thicknesses
        See :func:`thicknesses` for how.
    """
    ways = trace_ways(found, coordinates)
    neighbours = neighbour_graph(coordinates) if neighbours is None else neighbours
    annotated = [] if labels_true is None else thicknesses(ways, neighbours, labels_true)
    return Thicknesses(
        unit=coordinates.length_unit,
        predicted=tuple(thicknesses(ways, neighbours, labels)),
        annotated=tuple(annotated),
    )


def called(found: Thicknesses, names: Mapping[int, str]) -> Thicknesses:
    """Give the thicknesses of domains the names of the domains.

    Parameters
    ----------
    found : Thicknesses
        Of labels that are numbers of clusters.
    names : mapping of int to str
        By cluster.

    Returns
    -------
    Thicknesses
    """
    by_label = {str(cluster): name for cluster, name in names.items()}
    return replace(found, predicted=tuple(replace(item, label=by_label[item.label]) for item in found.predicted))


def in_words(thickness: Thickness, unit: str) -> str:
    """Write a thickness as everything shows it.

    Parameters
    ----------
    thickness : Thickness
    unit : str

    Returns
    -------
    str

    Examples
    --------
    >>> in_words(Thickness(label="L2", median_um=201.4, lower_um=186, upper_um=239, n_ways=141, n_whole=60), "µm")
    '201 µm (186 to 239)'
    >>> in_words(Thickness(label="WM"), "µm")
    'unknown'
    """
    if not thickness.known:
        return "unknown"
    middle, low, high = (
        number_in_words(value) for value in (thickness.median_um, thickness.lower_um, thickness.upper_um)
    )
    return f"{middle} {unit} ({low} to {high})"


def number_in_words(length: float) -> str:
    """Write a length to the whole unit; to three digits below 10, as where the unit of a file is long.

    Parameters
    ----------
    length : float

    Returns
    -------
    str
    """
    return f"{length:,.0f}" if length >= 10 else f"{length:.3g}"


def facts(found: Thicknesses) -> dict[str, Any]:
    """List thicknesses for JSON.

    Parameters
    ----------
    found : Thicknesses

    Returns
    -------
    dict
        `unit`, and for `predicted` and `annotated` one entry for each label; null where the thickness is not known.
    """
    return {
        "unit": _UNITS[found.unit],
        "predicted": {item.label: _fact(item) for item in found.predicted},
        "annotated": dict(zip(_annotated_names(found), map(_fact, found.annotated), strict=True)),
    }


def _annotated_names(found: Thicknesses) -> list[str]:
    """Name layers as pages and domains do, unless two spellings of the file then were one."""
    spelled = [item.label for item in found.annotated]
    names = list(map(display_name, spelled))
    return names if len(set(names)) == len(names) else spelled


def _fact(item: Thickness) -> dict[str, Any]:
    lengths = {"thickness": item.median_um, "lower_quartile": item.lower_um, "upper_quartile": item.upper_um}
    rounded = {name: float(f"{value:.4g}") if item.known else None for name, value in lengths.items()}
    return {**rounded, "n_whole": item.n_whole, "n_ways": item.n_ways, "reason": item.reason}


def thickness_csv(found: Thicknesses) -> str:
    """Write thicknesses as CSV.

    Parameters
    ----------
    found : Thicknesses

    Returns
    -------
    str
        The columns :data:`COLUMNS`, a row for each label; lengths are empty where they are not known, and `reason` says why.
    """
    rows = [
        {"labels": labels, "name": name, "unit": _UNITS[found.unit], **_fact(item)}
        for labels, names, items in (
            ("predicted", [item.label for item in found.predicted], found.predicted),
            ("annotated", _annotated_names(found), found.annotated),
        )
        for name, item in zip(names, items, strict=True)
    ]
    return csv_text(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


def thicknesses(ways: Ways, neighbours: sparse.csr_array, labels: np.ndarray) -> list[Thickness]:
    """Measure how thick each label is along the ways across the layers.

    Parameters
    ----------
    ways : Ways
        Of the same spots.
    neighbours : csr_array of shape (n_spots, n_spots)
        As :func:`core.method.neighbours.neighbour_graph` links them.
    labels : ndarray of shape (n_spots,), int or str
        Where spots are `UNANNOTATED`, a layer's border is not known, just as outside the tissue.

    Returns
    -------
    list of Thickness
        In ascending order of labels, without the unannotated.

    Notes
    -----
    On each way the stretch around its start that lies in one domain is measured, between borders halfway between two spots,
    and averaged over the 8 ways that start nearest in this domain. Where a domain is thick more ways start in it, so each way
    weighs one over its length: the quartiles are over the length of the layer, not over its area. Pieces of a domain of fewer than 4 spots are strays, which interrupt no other domain and
    are not measured themselves.
    """
    names, of_spot = np.unique(labels, return_inverse=True)
    codes = np.where(names.astype(str)[of_spot] == UNANNOTATED, _OUTSIDE, of_spot)
    codes = np.append(np.where(_strays(of_spot, neighbours), _STRAY, codes), _OUTSIDE)
    own, lengths, whole = _stretches(ways, codes)
    whole &= lengths >= _SHORTEST * ways.spacing_um
    starts = ways.points[:, 0, 0]
    return [
        _thickness(str(name), lengths[own == code], whole[own == code], starts[own == code])
        for code, name in enumerate(names)
        if str(name) != UNANNOTATED
    ]


def _strays(labels: np.ndarray, neighbours: sparse.csr_array) -> np.ndarray:
    graph = neighbours.tocoo()
    graph.data = (labels[graph.row] == labels[graph.col]).astype(float)
    alike = graph.tocsr()
    alike.eliminate_zeros()
    _, piece = connected_components(alike, directed=False)
    return np.asarray(np.bincount(piece)[piece] < _STRAYS)


def _stretches(ways: Ways, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the domain that each way starts in, the length of the way in it, and whether both borders are inside the tissue."""
    lengths, ends = np.empty(len(ways.spots)), np.empty((len(ways.spots), 2), np.int64)
    measure_stretches(codes, _STRAY, ways.spots, ways.points, ways.tissue, lengths, ends)
    return codes[ways.spots[:, 0, 0]], ways.step_um * lengths, np.all(ends >= 0, axis=1)


def _thickness(label: str, lengths: np.ndarray, whole: np.ndarray, starts: np.ndarray) -> Thickness:
    if np.count_nonzero(whole) < FEWEST_WAYS:
        return Thickness(label=label, n_ways=len(lengths), n_whole=int(np.count_nonzero(whole)))
    local = _local_mean(lengths[whole], starts[whole])
    lower, median, upper = weighted_quantiles(local, 1 / local, (0.25, 0.5, 0.75))
    return Thickness(
        label=label, median_um=median, lower_um=lower, upper_um=upper, n_ways=len(lengths), n_whole=len(local)
    )


def _local_mean(lengths: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Average over ways that start near by, since a border between spots is a zigzag: it is no change of thickness.

    A stretch is met the more often the longer it is, so that the mean over the layer's length is the harmonic one.
    """
    _, near = cKDTree(starts).query(starts, k=min(_BUNDLE, len(starts)))
    return np.asarray(1 / (1 / lengths)[near].mean(axis=1))


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, shares: Sequence[float]) -> list[float]:
    """Find the values below which given shares of the weight lie.

    Parameters
    ----------
    values, weights : ndarray of shape (n,)
    shares : sequence of float
        From 0 to 1.

    Returns
    -------
    list of float
        Interpolated between the middles of the weights.

    Examples
    --------
    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.ones(3), [0.5])
    [2.0]
    """
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    below = (np.cumsum(weights) - weights / 2) / weights.sum()
    return [float(value) for value in np.interp(shares, below, values)]
