"""Runs compared: their maps, how far they agree, and which layers each of them finds."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.evaluation.layer_scores import LayerScore, layer_scores
from core.evaluation.matching import Matching, domains_of
from core.figures import charts, colours, small_maps
from core.figures.colours import STYLES, Theme
from core.figures.three_runs import scores_in_words
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from core.text import in_figure, shortened

_ROW_PX = 40
_HEAD_PX = 40
_N_COLUMNS = 4


def maps_of_runs(
    sample: Sample,
    names: Sequence[str],
    runs: Sequence[Result],
    found: Sequence[Matching] | None = None,
    *,
    theme: Theme = "light",
) -> go.Figure:
    """Draw runs on one tissue side by side, after the annotation where there is one.

    Parameters
    ----------
    sample : Sample
    names : sequence of str
        What people call the runs.
    runs : sequence of Result
    found : sequence of Matching, optional
        Domains of each run, where people gave them names.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        With the names and colours that the domains have everywhere, and the scores of each run. A name that means other
        domains in a run before has the number of the run behind it.
    """
    truth, found = sample.labels_true, found or [domains_of(sample, run.labels) for run in runs]
    maps = []
    for name, run, matching in zip(names, runs, found, strict=True):
        maps.append(
            small_maps.of_clusters(shortened(name), _scores_of(run), matching, truth, theme, direction=run.direction)
        )
    annotated = [] if truth is None else [small_maps.annotated(sample, theme)]
    maps = [*annotated, *small_maps.told_apart(maps, [str(number) for number in range(1, len(maps) + 1)])]
    return small_maps.side_by_side(sample.coordinates, maps, theme=theme, n_columns=min(_N_COLUMNS, len(maps)))


def _scores_of(run: Result) -> str:
    """Write the scores of a run, which are of other spots where it was guided."""
    return ", ".join(filter(None, ("guided" * (run.guidance is not None), scores_in_words(run.scores))))


def agreement_of_runs(
    names: Sequence[str], table: np.ndarray, *, numbers: Sequence[int] = (), theme: Theme = "light"
) -> go.Figure:
    """Draw how far every two runs agree.

    Parameters
    ----------
    names : sequence of str
        What people call the runs.
    table : ndarray of shape (n_runs, n_runs), float
        As :func:`core.evaluation.stability.adjusted_rand` gives it.
    numbers : sequence of int
        Numbers of the runs, above columns and before the names of rows; counted from 1 by default.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A cell for every pair with its adjusted Rand index. Rows have numbers and names, columns the same numbers.
    """
    numbers = numbers or range(1, len(names) + 1)
    rows = [f"{number}  {charts.beside(name)}" for number, name in zip(numbers, names, strict=True)]
    texts = [[in_figure(f"{one} and {other}") for other in names] for one in names]
    return _table(table, texts, rows, numbers, "ARI", theme)


def scores_by_layer(
    labels_true: np.ndarray,
    names: Sequence[str],
    runs: Sequence[Matching],
    *,
    numbers: Sequence[int] = (),
    theme: Theme = "light",
) -> go.Figure:
    """Draw how well each run finds each annotated layer.

    Parameters
    ----------
    labels_true : ndarray of shape (n_spots,), str
    names : sequence of str
        What people call the runs.
    runs : sequence of Matching
        Their domains; clusters of one name are one domain.
    numbers : sequence of int
        Numbers of the runs, above columns; counted from 1 by default.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A row for each layer, a column for each run, by its number; a cell says and shows F1, as
        :func:`core.evaluation.layer_scores.layer_scores` finds it.
    """
    own = runs[0].colours if runs else None
    shades = colours.layer_colours(charts.layers_of(labels_true, unannotated=False), theme, own)
    found = [{score.layer: score for score in layer_scores(run.merged, labels_true)} for run in runs]
    texts = [
        [in_figure(_in_words(of_run[layer], run, name)) for name, run, of_run in zip(names, runs, found, strict=True)]
        for layer in shades
    ]
    values = np.array([[of_run[layer].f1 for of_run in found] for layer in shades])
    rows = [charts.swatch(charts.beside(display_name(layer)), shade) for layer, shade in shades.items()]
    return _table(values, texts, rows, numbers or range(1, len(names) + 1), "F1", theme)


def _in_words(score: LayerScore, run: Matching, name: str) -> str:
    layer = display_name(score.layer)
    if score.cluster is None:
        return f"No domain of {name} is matched with {layer}"
    called = run.names[score.cluster]
    return f"{layer} in {name}" if called == layer else f"{layer} in {name}, called {called}"


def _table(
    values: np.ndarray, texts: list[list[str]], rows: list[str], numbers: Sequence[int], score: str, theme: Theme
) -> go.Figure:
    """Draw scores from 0 to 1 with a row for each of `rows` and a column for each run."""
    written = charts.on_scale([[f"{value:.3f}" for value in row] for row in values], values, theme)
    heat = go.Heatmap(
        z=values, customdata=texts, text=written, texttemplate="%{text}", zmin=0, zmax=1, xgap=2, ygap=2,
        colorscale=charts.colour_scale(theme), showscale=False, textfont={"size": 13},
        hovertemplate=f"%{{customdata}}<br>{score} %{{z:.3f}}<extra></extra>",
    )  # fmt: skip
    figure, style = go.Figure(heat), STYLES[theme]
    ticks = {"showgrid": False, "showline": False, "tickfont": {"color": style.text}, "ticks": ""}
    columns = {"tickvals": list(range(len(numbers))), "ticktext": [str(number) for number in numbers]}
    beside = {"tickvals": list(range(len(rows))), "ticktext": [f"{row}  " for row in rows]}
    figure.update_layout(**charts.chart_style(theme, _ROW_PX * len(rows) + _HEAD_PX))
    figure.update_xaxes(charts.axis(style, **ticks, **columns, side="top"))
    figure.update_yaxes(charts.axis(style, **ticks, **beside, autorange="reversed", automargin=True))
    return figure
