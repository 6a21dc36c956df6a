"""Where the method itself fails on a sample: each failure with its number and a remedy.

Results and arrays in, sentences out. The annotation is read for advice only, never for the clustering.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from core import units
from core.coordinates import Coordinates
from core.depth import support_in_words
from core.evaluation.share import Shares, share_in_words
from core.evaluation.window import in_strips_um, window_um
from core.layer_names import display_name
from core.result import Result
from core.sample import UNANNOTATED
from core.text import counted

DROWNS = 0.95
"""From this share of the distance on, one part leaves the other nothing to say."""

UNSTEADY = 0.55
"""Stability of the consensus below which its domains did not follow what experts drew (`docs/accuracy.md`)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One problem that was found.

    Parameters
    ----------
    kind : str
        `autoencoder`, `position`, `expression`, `weight`, `window`, `clusters`, `empty` or `unsteady`.
    sentence : str
        What was found, with its number, and what to try; Markdown without headings.
    """

    kind: str
    sentence: str


def advise(
    result: Result,
    coordinates: Coordinates,
    labels_true: np.ndarray | None,
    shares: Shares | None,
    names: Mapping[int, str] | None = None,
) -> list[Advice]:
    """Say where the method fails.

    Parameters
    ----------
    result : Result
    coordinates : Coordinates
    labels_true : ndarray of shape (n_spots,), str, or None
    shares : Shares or None
        Of the distance that the run clustered by; None leaves that advice out.
    names : mapping of int to str, optional
        Of the domains, by cluster.

    Returns
    -------
    list of Advice
        The most serious first; empty where nothing is wrong.
    """
    return [
        *dead_autoencoder(result),
        *unsteady(result),
        *drowned(shares, result.params.clustering.x_weight),
        *idle_weight(result),
        *wide_window(result, coordinates, labels_true, names),
        *more_clusters_than_layers(result.params.clustering.n_clusters, labels_true),
        *empty_clusters(result),
    ]


def dead_autoencoder(result: Result) -> Iterator[Advice]:
    """Advise where the autoencoder learned nothing.

    Parameters
    ----------
    result : Result

    Yields
    ------
    Advice
    """
    report = result.autoencoder
    if report is not None and report.dead:
        yield Advice(
            "autoencoder",
            f"The autoencoder learned nothing: its reconstruction explains {units.percent(report.explained_variance)} of how spots "
            "differ (100% is all, 0% is no better than the mean of each gene, below 5% counts as dead), so position alone "
            "decides. With a smaller scale alpha, such as 2, it learns.",
        )


def unsteady(result: Result) -> Iterator[Advice]:
    """Advise where the mixtures behind a consensus hardly agree.

    Parameters
    ----------
    result : Result

    Yields
    ------
    Advice
    """
    found = result.scores.stability
    if found is not None and found < UNSTEADY:
        yield Advice(
            "unsteady",
            f"The mixtures behind these domains hardly agree (stability {units.score('stability', found)}): below "
            f"{units.score('stability', UNSTEADY)} domains did not follow what experts drew. Try another number of clusters, or show "
            "a few spots of each domain on Guide.",
        )


def drowned(shares: Shares | None, x_weight: float) -> Iterator[Advice]:
    """Advise where position drowns expression, or expression drowns position.

    Parameters
    ----------
    shares : Shares or None
    x_weight : float

    Yields
    ------
    Advice
    """
    if shares is None:
        return
    if shares.position >= DROWNS:
        yield Advice(
            "position",
            f"Position drowns expression: it makes {share_in_words(shares.position)} of the distance between spots, so clusters "
            f"are slices of the tissue. {_balance(shares, x_weight)}",
        )
    if shares.expression >= DROWNS:
        yield Advice(
            "expression",
            f"Expression drowns position: it makes {share_in_words(shares.expression)} of the distance between spots, so "
            f"direction and neighbourhood hardly count. {_balance(shares, x_weight)}",
        )


def _balance(shares: Shares, x_weight: float) -> str:
    if not (shares.position and shares.expression):
        return "Give X a weight above 0." if x_weight == 0 else "The other part does not vary over the tissue."
    even = x_weight * (shares.position / shares.expression) ** 0.5
    return f"At an X weight of {even:.2g} both would count the same."


def idle_weight(result: Result) -> Iterator[Advice]:
    """Advise where the X weight was turned, but no depth takes part that expression could be weighed against.

    Parameters
    ----------
    result : Result

    Yields
    ------
    Advice
    """
    clustering, found = result.params.clustering, result.direction
    if clustering.by_kmeans or clustering.x_weight == 1 or found is None or found.takes_part:
        return
    yield Advice(
        "weight",
        f"The X weight of {clustering.x_weight:g} changes nothing here: the bending depth explains {support_in_words(found)} of the "
        "structure of expression where it was not learnt, too little to take part, so expression decides alone. A direction by hand "
        "takes part always.",
    )


def wide_window(
    result: Result,
    coordinates: Coordinates,
    labels_true: np.ndarray | None,
    names: Mapping[int, str] | None = None,
) -> Iterator[Advice]:
    """Advise where the pooling window is wider than the thinnest layer.

    Parameters
    ----------
    result : Result
        Without a direction there is no advice, since the line to measure across is not known.
    coordinates : Coordinates
    labels_true : ndarray of shape (n_spots,), str, or None
        Without it the domains are measured.
    names : mapping of int to str, optional
        Of the domains, by cluster.

    Yields
    ------
    Advice
    """
    window = result.window
    if result.direction is None or window == 1 or not result.params.embedding.pools:
        return
    angle = result.direction.angle
    layers = in_strips_um(coordinates, result.labels if labels_true is None else labels_true, angle)
    reach = window_um(window, angle, coordinates.unit_um)
    if layers and reach > min(layers.values()):
        thinnest = min(layers, key=lambda label: layers[label])
        of_domains = {str(cluster): name for cluster, name in (names or {}).items()}
        own = of_domains.get(str(thinnest), f"cluster {thinnest}")
        name = own if labels_true is None else display_name(str(thinnest))
        unit = coordinates.length_unit
        yield Advice(
            "window",
            f"The window is wider than a layer: it averages over about {reach:,.0f} {unit} of depth, but {name} is about "
            f"{layers[thinnest]:,.0f} {unit} thick, so it blurs into its neighbours. A smaller window k keeps thin layers.",
        )


def more_clusters_than_layers(n_clusters: int, labels_true: np.ndarray | None) -> Iterator[Advice]:
    """Advise where more clusters are asked for than there are layers, and one for the unannotated.

    Parameters
    ----------
    n_clusters : int
    labels_true : ndarray of shape (n_spots,), str, or None

    Yields
    ------
    Advice
    """
    n_layers = 0 if labels_true is None else len(np.unique(labels_true[labels_true != UNANNOTATED]))
    if n_layers and n_clusters > n_layers + 1:
        yield Advice(
            "clusters",
            f"{counted(n_clusters, 'cluster')} for {n_layers} annotated layers: at least {n_clusters - n_layers} have no layer to "
            "match, or split one, which costs ARI. Ask for fewer clusters to compare with the annotation.",
        )


def empty_clusters(result: Result) -> Iterator[Advice]:
    """Advise where fewer clusters have spots than were asked for.

    Parameters
    ----------
    result : Result

    Yields
    ------
    Advice
    """
    n_clusters, n_found = result.params.clustering.n_clusters, len(np.unique(result.labels))
    if n_found < n_clusters:
        yield Advice(
            "empty",
            f"{counted(n_clusters, 'cluster')} were asked for, but only {n_found} have spots: {_why_empty(result)}",
        )


def _why_empty(result: Result) -> str:
    if result.params.refinement.rounds:
        return "neighbours may have outvoted small ones. Ask for fewer clusters, or turn refinement down."
    if not result.params.clustering.by_kmeans:
        return "the mixtures agree on no more. Ask for fewer clusters, or keep more components."
    return "there are fewer distinct spots than clusters. Ask for fewer clusters, or give expression or position more weight."
