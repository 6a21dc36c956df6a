"""Domains that were clustered again, as names and colours of all spots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.figures import charts
from core.figures.colours import STYLES
from core.figures.nested import Named, parts_of
from core.method.inside import params_inside
from core.result import Result
from core.text import counted
from ui.data import compute
from ui.shell import maps
from ui.tissue_view import TissueMap
from ui.tune.shown import ShownResult, Split


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nested:
    """The domain of each spot by name, the colours of all names in order, and the result of each split."""

    labels: np.ndarray
    colours: dict[str, str]
    results: tuple[Result, ...]


def domains_of(shown: ShownResult) -> dict[int, Named]:
    """Name and colour the domains of the result, in the order of charts."""
    matching, labels_true = shown.matching, shown.sample.labels_true
    names, colours = matching.told_apart, charts.colours_of_clusters(matching, labels_true, shown.theme)
    return {cluster: Named(names[cluster], colours[cluster]) for cluster in charts.ordered_clusters(matching)}


def nested(shown: ShownResult, splits: Sequence[Split]) -> Nested:
    """Cluster each split again, in order: a later one may split a part of an earlier one."""
    domains = domains_of(shown)
    labels = np.array([domains[cluster].name for cluster in shown.result.labels.tolist()], dtype=object)
    colours = {item.name: item.colour for item in domains.values()}
    results = []
    for split in splits:
        params = params_inside(shown.params, split.n_parts, split.direction)
        result = compute.inside(shown.sample, split.spots, split.name, params)
        ranks = _by_size(result.labels)
        parts = parts_of(Named(split.name, colours.get(split.name, STYLES[shown.theme].accent)), int(ranks.max()) + 1)
        labels[split.spots] = np.array([part.name for part in parts], dtype=object)[ranks]
        colours = _with_parts(colours, split.name, {part.name: part.colour for part in parts})
        results.append(result)
    there = set(labels.tolist())
    return Nested(
        labels=labels.astype(str),
        colours={name: colour for name, colour in colours.items() if name in there},
        results=tuple(results),
    )


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Count parts by their size, from 0 for the largest."""
    _, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(np.argsort(np.argsort(-counts, kind="stable"))[index])


def _with_parts(colours: dict[str, str], name: str, parts: dict[str, str]) -> dict[str, str]:
    """Put parts in the place of what they are parts of."""
    if name not in colours:
        return colours | parts
    at = list(colours).index(name)
    ordered = list(colours.items())
    return dict([*ordered[:at], *parts.items(), *ordered[at:]])


def as_map(found: Nested, shown: ShownResult, title: str) -> TissueMap:
    """Make the map of nested domains."""
    place = {name: at for at, name in enumerate(found.colours)}
    return TissueMap(
        title=maps.titled(title, shown.sample),
        description=f"{counted(len(place), 'domain')} of {shown.sample.name}, those that were clustered again in shades of their colour.",
        labels=np.array([place[name] for name in found.labels.tolist()]),
        names=list(found.colours),
        colours=list(found.colours.values()),
    )
