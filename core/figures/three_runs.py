"""The paper's figures 5 to 7: runs that differ only in their start, beside the annotation, with their scores."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.evaluation.matching import match_steadily
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
        The annotation first, where there is one. Clusters keep their colours from run to run.
    """
    truth = sample.labels_true
    first = match_steadily(runs[0].labels, truth)
    maps = [
        small_maps.of_clusters(
            f"Seed {run.params.clustering.random_state}",
            scores_in_words(run.scores),
            match_steadily(run.labels, truth, first),
            truth,
            theme,
        )
        for run in runs
    ]
    annotated = [] if truth is None else [small_maps.of_layers(truth, theme)]
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
    return f"ARI {scores.ari:.3f}, NMI {scores.nmi:.3f}"
