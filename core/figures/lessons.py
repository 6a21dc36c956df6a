"""The paper's figures, redrawn on any sample: one figure for each step of the method."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core import units
from core.evaluation.matching import domains_of
from core.evaluation.share import Shares, share_in_words
from core.figures import small_maps
from core.figures.colours import Theme
from core.figures.small_maps import SmallMap
from core.figures.three_runs import scores_in_words
from core.result import Result
from core.sample import Sample


def pooling_figure(
    sample: Sample, gene: str, counts: tuple[np.ndarray, np.ndarray], runs: tuple[Result, Result], *, theme: Theme
) -> go.Figure:
    """Draw a gene and the clusters, unpooled beside pooled: the paper's figures 1 and 2.

    Parameters
    ----------
    sample : Sample
    gene : str
    counts : (ndarray of shape (n_spots,), ndarray of shape (n_spots,))
        The gene's counts before and after pooling.
    runs : (Result, Result)
        Clusters without and with pooling.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    maps = [_gene(f"{gene}, {name}", values, theme) for name, values in zip(("counted", "pooled"), counts, strict=True)]
    maps += _runs(sample, ("Clusters, unpooled", "Clusters, pooled"), _scores(runs), runs, theme)
    return small_maps.side_by_side(sample.coordinates, maps, theme=theme)


def _gene(title: str, values: np.ndarray, theme: Theme) -> SmallMap:
    # One bright spot would make all others pale: the top hundredth shares the last colour.
    low, high = float(values.min()), float(np.quantile(values, 0.99)) or float(values.max())
    return small_maps.of_values(title, f"{low:.3g} to {high:.3g} counts", values, (low, high), theme)


def weights_figure(sample: Sample, runs: Sequence[Result], shares: Sequence[Shares], *, theme: Theme) -> go.Figure:
    """Draw the clusters at several weights of expression: the paper's figure 3.

    Parameters
    ----------
    sample : Sample
    runs : sequence of Result
    shares : sequence of Shares
        Of the distance of each run; the part of expression, X, is written above its map.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    titles = [f"X weight {run.params.clustering.x_weight:g}" for run in runs]
    notes = [f"{_ari(run)}X {share_in_words(part.expression)}" for run, part in zip(runs, shares, strict=True)]
    return small_maps.side_by_side(sample.coordinates, _runs(sample, titles, notes, runs, theme), theme=theme)


def _ari(run: Result) -> str:
    return "" if run.scores.ari is None else f"ARI {units.score('ari', run.scores.ari)}, "


def direction_figure(sample: Sample, runs: tuple[Result, Result], *, theme: Theme) -> go.Figure:
    """Draw the clusters without and with a direction: the paper's figure 4.

    Parameters
    ----------
    sample : Sample
    runs : (Result, Result)
        Without, then with a direction, which is drawn as an arrow.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Beside the annotation, where there is one.
    """
    maps = _runs(sample, ("Without direction", "With direction"), _scores(runs), runs, theme)
    truth = sample.labels_true
    annotated = [] if truth is None else [small_maps.annotated(sample, theme)]
    return small_maps.side_by_side(sample.coordinates, [*maps, *annotated], theme=theme, n_columns=3, height_px=440)


def _scores(runs: Sequence[Result]) -> list[str]:
    return [scores_in_words(run.scores) for run in runs]


def _runs(
    sample: Sample, titles: Sequence[str], subtitles: Sequence[str], runs: Sequence[Result], theme: Theme
) -> list[SmallMap]:
    truth, maps = sample.labels_true, []
    for title, subtitle, run in zip(titles, subtitles, runs, strict=True):
        found = domains_of(sample, run.labels)
        maps.append(small_maps.of_clusters(title, subtitle, found, truth, theme, direction=run.direction))
    return maps
