"""The paper's figures 5 to 7: runs that differ only in their start, beside the annotation, with their scores."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core import units
from core.evaluation.matching import domains_of
from core.figures import small_maps
from core.figures.colours import Theme
from core.result import Result, Scores
from core.sample import Sample


def three_runs(sample: Sample, runs: Sequence[Result], *, theme: Theme = "light") -> go.Figure:
    """Draw runs beside the annotation.

    Parameters
    ----------
    sample : Sample
    runs : sequence of Result
        Three in the paper.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        The annotation first, where there is one. Domains have the names and colours that they have everywhere.
    """
    truth = sample.labels_true
    titles = [f"Seed {run.params.clustering.random_state}" for run in runs]
    maps = [
        small_maps.of_clusters(title, scores_in_words(run.scores), domains_of(sample, run.labels), truth, theme)
        for title, run in zip(titles, runs, strict=True)
    ]
    annotated = [] if truth is None else [small_maps.annotated(sample, theme)]
    return small_maps.side_by_side(sample.coordinates, [*annotated, *maps], theme=theme, n_columns=len(runs) + 1)


def scores_in_words(scores: Scores) -> str:
    """Write the scores of a run for the heading of its map.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    str
    """
    if scores.ari is None or scores.nmi is None:
        return "no annotation to score by"
    return f"ARI {units.score('ari', scores.ari)}, NMI {units.score('nmi', scores.nmi)}"
