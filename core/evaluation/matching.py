"""Which annotated layer each predicted cluster stands for, and so what a domain is called and which colour it has.

Decided here alone, for every page, figure and file; never used for the clustering itself.
"""

import dataclasses
import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from core.coordinates import Coordinates
from core.errors import SampleError
from core.evaluation.contingency import contingency
from core.layer_names import LAYERS, canonical, display_name
from core.result import Domain, Result
from core.sample import UNANNOTATED, Sample

N_FURTHER = 8
"""Colours for domains and layers that no atlas of the cortex names, as `core.figures.colours` has them."""

N_ALONE = 15
"""Colours where there is no annotation, so that those of the layers are free."""


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """The domains of a run: what each is called, and which colour it has, on every page and in every file.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    layers : dict of int to str or None
        Layer of every cluster that has spots, in ascending order; None for those without one.
    further : dict of int to int
        For clusters without a layer, which of the further colours is theirs, counted from 0.
    given : mapping of int to str
        Names that people gave to domains instead of their own.
    colours : mapping of str to str
        Of layers that bring their own (:attr:`core.sample.Sample.class_colours`).
    shades : mapping of int to str
        `#RRGGBB` that people gave to domains, instead of their own.
    """

    labels: np.ndarray
    layers: dict[int, str | None]
    further: dict[int, int]
    given: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    shades: Mapping[int, str] = field(default_factory=dict)

    @property
    def own_names(self) -> dict[int, str]:
        """By cluster, the name of its layer, or its own colour's number, such as `Domain 5`."""
        named = {cluster: display_name(layer) for cluster, layer in self.layers.items() if layer is not None}
        taken = set(named.values())
        alone = {cluster: f"Domain {index + 1}" for cluster, index in self.further.items()}
        # A layer may itself be called so.
        alone = {cluster: f"{name} (no layer)" if name in taken else name for cluster, name in alone.items()}
        return {cluster: (named | alone)[cluster] for cluster in self.layers}

    @property
    def names(self) -> dict[int, str]:
        """By cluster, the name that people gave to it, or else its own; clusters of one name are one domain in files."""
        return {cluster: self.given.get(cluster) or own for cluster, own in self.own_names.items()}

    @property
    def told_apart(self) -> dict[int, str]:
        """The names, with the number of the cluster where another has the same name: for rows of tables and charts."""
        names = self.names
        counts = Counter(names.values())
        return {cluster: f"{name} ({cluster})" if counts[name] > 1 else name for cluster, name in names.items()}

    @property
    def merged(self) -> np.ndarray:
        """The labels, in which clusters of one name have the lowest number among them."""
        first: dict[str, int] = {}
        by_cluster = np.array([first.setdefault(name, cluster) for cluster, name in self.names.items()])
        return np.asarray(by_cluster[np.searchsorted(list(self.layers), self.labels)])

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The same as it is kept with a run, beside the labels."""
        return tuple(
            Domain(
                cluster=cluster,
                layer=layer,
                further=self.further.get(cluster),
                given=self.given.get(cluster, ""),
                colour=self.shades.get(cluster, ""),
            )
            for cluster, layer in self.layers.items()
        )

    def named(self, given: Mapping[int, str]) -> "Matching":
        """Give domains these names, and all others their own."""
        return dataclasses.replace(self, given={c: name for c, name in given.items() if c in self.layers})

    def in_section(self, labels: np.ndarray) -> "Matching":
        """Choose the domains of one of several sections that were clustered as one: those that have spots there.

        Parameters
        ----------
        labels : ndarray of shape (n_spots,), int
            Of that section.
        """
        there = np.unique(labels).tolist()
        further = {cluster: self.further[cluster] for cluster in there if cluster in self.further}
        layers = {cluster: self.layers[cluster] for cluster in there}
        return dataclasses.replace(self, labels=labels, layers=layers, further=further).named(self.given)


def match_clusters(labels_pred: np.ndarray, labels_true: np.ndarray | None) -> dict[int, str | None]:
    """Pair clusters with layers so that the pairs share as many spots as possible.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
        Cluster of each spot.
    labels_true : ndarray of shape (n_spots,), str, or None
        Layer of each spot; spots labelled `UNANNOTATED` take no part.

    Returns
    -------
    dict of int to str or None
        For every cluster that has spots, in ascending order, its layer. Each layer is given at most once. None for
        clusters beyond the number of layers, and for those that share no spot with the layer left for them.

    Raises
    ------
    SampleError
        If the two arrays differ in length.

    Notes
    -----
    The Hungarian method (Kuhn 1955, doi 10.1002/nav.3800020109) on the table of common spots, through
    `scipy.optimize.linear_sum_assignment`. A pair shares the most spots in total over all pairs: a single cluster need
    not get the layer that it overlaps most.

    Examples
    --------
    >>> match_clusters(np.array([0, 0, 1, 2]), np.array(["WM", "WM", "Layer1", "NA"]))
    {0: 'WM', 1: 'Layer1', 2: None}
    """
    if labels_true is None:
        return {int(cluster): None for cluster in np.unique(labels_pred)}
    if len(labels_pred) != len(labels_true):
        raise SampleError(f"There are {len(labels_pred)} clustered spots but {len(labels_true)} annotated ones.")
    clusters, layers, table = contingency(labels_pred, labels_true)
    matched: dict[int, str | None] = {int(cluster): None for cluster in clusters}
    known = layers != UNANNOTATED
    layers, table = layers[known], table[:, known]
    for row, column in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        if table[row, column] > 0:
            matched[int(clusters[row])] = str(layers[column])
    return matched


def common_spots(
    labels_pred: np.ndarray, labels_true: np.ndarray, clusters: Sequence[int], layers: Sequence[str]
) -> np.ndarray:
    """Count the spots that each cluster shares with each layer.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str
    clusters : sequence of int
        Which clusters to count, one row each; all have spots.
    layers : sequence of str
        Which layers to count, one column each; all have spots, and those of other layers are left out.

    Returns
    -------
    ndarray of shape (n_clusters, n_layers), int
    """
    found, found_layers, counts = contingency(labels_pred, labels_true)
    return counts[np.ix_(np.searchsorted(found, clusters), np.searchsorted(found_layers, layers))]


def domains_of(sample: Sample, labels: np.ndarray, given: Mapping[int, str] | None = None) -> Matching:
    """Decide what the domains of a run are called, and which colours they have.

    Parameters
    ----------
    sample : Sample
    labels : ndarray of shape (n_spots,), int
        Of a run on that sample.
    given : mapping of int to str, optional
        Names that people gave to domains.

    Returns
    -------
    Matching

    Notes
    -----
    A pure function of the partition, the annotation and the tissue: neither the numbers of the clusters nor other runs play a
    part, so that one partition has the same names and colours wherever it is met. Domains without a layer are numbered by
    places of the tissue instead: `Domain 5` has one colour in all runs on a sample, and hardly moves when borders do.
    """
    n_regions = _n_further(sample.labels_true)
    found = match_domains(labels, sample.labels_true, _regions(sample.coordinates, n_regions)).named(given or {})
    return dataclasses.replace(found, colours=sample.class_colours)


def kept_domains(
    sample: Sample,
    labels: np.ndarray,
    domains: Sequence[Domain],
    annotation_hash: str = "",
    *,
    together: bool = False,
) -> Matching:
    """Read the domains of a run as they were kept with it.

    Parameters
    ----------
    sample : Sample
    labels : ndarray of shape (n_spots,), int
        Of the run.
    domains : sequence of Domain
        As the record or a file holds them; not trusted.
    annotation_hash : str
        Of the annotation that they were matched with.
    together : bool
        Whether the section was clustered as one with others, so that a domain may be a layer that only those have.

    Returns
    -------
    Matching
        As :func:`domains_of` decides it, with the names that people gave, where another version kept no or other domains, or
        the annotation has changed.
    """
    layers = {item.cluster: item.layer for item in sorted(domains, key=lambda item: item.cluster)}
    further = {d.cluster: d.further for d in domains if d.layer is None and d.further is not None}
    known = [layer for layer in layers.values() if layer is not None]
    fits = (
        annotation_hash == sample.annotation_hash
        and list(layers) == np.unique(labels).tolist()
        and len(known) + len(further) == len(layers) == len(domains)
        and len(set(known)) == len(known)
        and (together or set(known) <= set(sample.layer_names))
    )
    found = Matching(labels, layers, further, colours=sample.class_colours) if fits else domains_of(sample, labels)
    shades = {item.cluster: item.colour for item in domains if item.colour and item.cluster in found.layers}
    return dataclasses.replace(found, shades=shades).named({item.cluster: item.given for item in domains if item.given})


def guided_domains(sample: Sample, result: Result) -> Matching:
    """Read the domains of a guided run, which have the names and colours that people gave, and no others.

    Parameters
    ----------
    sample : Sample
    result : Result
        Guided, of that sample.

    Returns
    -------
    Matching
        A domain is a layer of the annotation where it has its name, however many spots they share.
    """
    classes = {display_name(layer): layer for layer in sample.layer_names}
    names = {int(cluster): result.names[cluster] for cluster in np.unique(result.labels)}
    layers = {cluster: classes.pop(display_name(name), None) for cluster, name in names.items()}
    alone = [cluster for cluster, layer in layers.items() if layer is None]
    own = {} if result.guidance is None else result.guidance.colours
    return Matching(
        result.labels,
        layers,
        {cluster: index for index, cluster in enumerate(alone)},
        colours=sample.class_colours,
        shades={cluster: own[name] for cluster, name in names.items() if name in own},
    ).named(names)


def match_domains(labels: np.ndarray, labels_true: np.ndarray | None, regions: np.ndarray | None = None) -> Matching:
    """Match clusters with layers, and choose a further colour for each that has none.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str, or None
    regions : ndarray of shape (n_spots,), int, optional
        Region of the tissue that each spot lies in, from 0. A cluster without a layer takes the colour of the region that it
        shares most spots with, in total over all (Hungarian method); without regions, the next one that is free.

    Returns
    -------
    Matching

    Raises
    ------
    SampleError
        As :func:`match_clusters`.
    """
    clusters, ranks = _by_first_spot(labels)
    layers = match_clusters(ranks, labels_true)
    alone = [rank for rank, layer in layers.items() if layer is None]
    further = _further(ranks, alone, regions)
    order = np.argsort(clusters).tolist()
    return Matching(
        labels,
        {int(clusters[rank]): layers[rank] for rank in order},
        {int(clusters[rank]): further[rank] for rank in order if rank in further},
    )


def _by_first_spot(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count clusters by their first spots, so that ties are settled the same way under any numbers."""
    clusters, first, index = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return clusters[order], np.argsort(order)[index]


def _further(ranks: np.ndarray, alone: Sequence[int], regions: np.ndarray | None) -> dict[int, int]:
    if regions is None or not alone:
        return {rank: index for index, rank in enumerate(alone)}
    n_regions = int(regions.max()) + 1
    counts = np.array([np.bincount(regions[ranks == rank], minlength=n_regions) for rank in alone])
    rows, columns = linear_sum_assignment(counts, maximize=True)
    found = {alone[row]: column for row, column in zip(rows.tolist(), columns.tolist(), strict=True)}
    more = (rank for rank in alone if rank not in found)
    return found | {rank: n_regions + index for index, rank in enumerate(more)}


def _n_further(labels_true: np.ndarray | None) -> int:
    if labels_true is None:
        return N_ALONE
    taken = sum(canonical(str(layer)) not in LAYERS for layer in np.unique(labels_true))
    return max(1, N_FURTHER - taken)


@functools.lru_cache(maxsize=4)
def _regions(coordinates: Coordinates, n_regions: int) -> np.ndarray:
    """Divide a tissue into regions around spots that lie far apart, each the farthest from those before it."""
    points = coordinates.tissue_um
    nearest = np.square(points - points.mean(axis=0)).sum(axis=1)
    centres = [int(nearest.argmax())]
    nearest = np.square(points - points[centres[0]]).sum(axis=1)
    while len(centres) < n_regions:
        centres.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.square(points - points[centres[-1]]).sum(axis=1))
    return np.asarray(cKDTree(points[centres]).query(points)[1])


def overlapping_pairs(labels: np.ndarray, other: np.ndarray) -> dict[int, int]:
    """Pair the clusters of two runs so that the pairs share as many spots as possible.

    Parameters
    ----------
    labels, other : ndarray of shape (n_spots,), int

    Returns
    -------
    dict of int to int
        Cluster of `other` by cluster of `labels`; only pairs that share a spot.

    Examples
    --------
    >>> overlapping_pairs(np.array([0, 0, 1]), np.array([5, 5, 2]))
    {0: 5, 1: 2}
    """
    names, other_names, table = contingency(labels, other)
    pairs = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    return {int(names[row]): int(other_names[column]) for row, column in pairs if table[row, column] > 0}
