"""Charts of sweeps: a score over one or two knobs, and what a search learned."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from core import units
from core.figures import charts
from core.figures.colours import STYLES, Style, Theme
from core.figures.contact_sheet import Side

if TYPE_CHECKING:
    import optuna

_TICKS = [digit * 10.0**power for power in range(-7, 9) for digit in (1, 2, 5)]  # of axes on which factors count
_ROW_PX, _LEAST_PX, _HEIGHT_PX = 52, 240, 340

Place = tuple[int, ...]

_CELL_PX = 13
"""Size of texts in cells: the one that plotly finds is too small, since it counts the letters of markup, too."""


def heat_map(
    scores: Mapping[Place, Sequence[float]],
    rows: Side,
    columns: Side,
    score: str,
    *,
    unit: str = "",
    theme: Theme = "light",
) -> go.Figure:
    """Draw the mean of a score over two knobs.

    Parameters
    ----------
    scores : mapping of (row, column) to sequence of float
        One value per start. Cells without any stay empty.
    rows, columns : Side
    score : str
        Its name.
    unit : str
        Its field of :class:`core.result.Scores`, which says how it is written.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Each cell shows its mean; hovering shows the spread over starts.
    """
    style, shape = STYLES[theme], (len(rows.values), len(columns.values))
    means, texts, cells = np.full(shape, np.nan), np.full(shape, "", dtype=object), np.full(shape, "", dtype=object)
    for (row, column), values in scores.items():
        means[row, column], texts[row, column] = np.mean(values), spread_in_words(values, unit)
        cells[row, column] = units.score(unit, means[row, column])
    figure = go.Figure(
        go.Heatmap(
            z=means, customdata=texts, colorscale=charts.colour_scale(theme), xgap=2, ygap=2,
            text=_on_scale(cells, means, theme), texttemplate="%{text}", textfont={"size": _CELL_PX},
            hovertemplate=f"{columns.name} %{{x}}<br>{rows.name} %{{y}}<br>{score} %{{customdata}}<extra></extra>",
            x=_names(columns), y=_names(rows), hoverongaps=False,
            colorbar={"title": {"text": score}, "thickness": 10, "outlinewidth": 0, "tickfont": {"color": style.muted}} | _ticks(unit),
        )
    )  # fmt: skip
    figure.update_layout(**charts.chart_style(theme, max(_LEAST_PX, _ROW_PX * shape[0] + 70)))
    figure.update_layout(margin={"l": 90, "r": 8, "t": 16, "b": 54})
    figure.update_xaxes(charts.axis(style, title=_title(columns.name, style), type="category", showgrid=False))
    figure.update_yaxes(
        charts.axis(style, title=_title(rows.name, style), type="category", autorange="reversed", showgrid=False)
    )
    return figure


def curve(
    scores: Mapping[Place, Sequence[float]], along: Side, score: str, *, unit: str = "", theme: Theme = "light"
) -> go.Figure:
    """Draw a score over one knob: a dot for each start, and a line through the means.

    Parameters
    ----------
    scores : mapping of (index,) to sequence of float
    along : Side
    score : str
        Its name.
    unit : str
        Its field of :class:`core.result.Scores`, which says how it is written.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    style, names = STYLES[theme], _names(along)
    indices = sorted(scores)
    figure = go.Figure()
    figure.add_scatter(
        x=[names[index[0]] for index in indices for _ in scores[index]],
        y=[value for index in indices for value in scores[index]],
        mode="markers", marker={"size": 8, "color": style.accent, "opacity": 0.45}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=[names[index[0]] for index in indices], y=[float(np.mean(scores[index])) for index in indices],
        mode="lines+markers", line={"color": style.accent, "width": 2}, marker={"size": 5},
        customdata=[spread_in_words(scores[index], unit) for index in indices],
        hovertemplate=f"{along.name} %{{x}}<br>{score} %{{customdata}}<extra></extra>",
    )  # fmt: skip
    _lay_out(figure, style, theme)
    order = {"type": "category", "categoryorder": "array", "categoryarray": names, "range": [-0.5, len(names) - 0.5]}
    figure.update_xaxes(charts.axis(style, title=_title(along.name, style), **order))
    figure.update_yaxes(charts.axis(style, title=_title(score, style), **_ticks(unit)))
    return figure


def history(
    scores: Sequence[float], score: str, *, unit: str = "", maximise: bool, theme: Theme = "light"
) -> go.Figure:
    """Draw the score of each trial of a search, and the best so far.

    Parameters
    ----------
    scores : sequence of float
    score : str
        Its name.
    unit : str
        Its field of :class:`core.result.Scores`, which says how it is written.
    maximise : bool
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    style, numbers = STYLES[theme], list(range(1, len(scores) + 1))
    best = (np.maximum if maximise else np.minimum).accumulate(np.asarray(scores, dtype=float))
    figure = go.Figure()
    figure.add_scatter(
        x=numbers, y=list(scores), mode="markers", marker={"size": 8, "color": style.accent, "opacity": 0.5},
        hovertemplate=f"Trial %{{x}}<br>{score} %{{y:{units.score_format(unit)}}}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=numbers, y=best.tolist(), mode="lines", line={"color": style.accent, "width": 2, "shape": "hv"},
        hovertemplate=f"Best so far %{{y:{units.score_format(unit)}}}<extra></extra>",
    )  # fmt: skip
    _lay_out(figure, style, theme)
    figure.update_xaxes(charts.axis(style, title=_title("Trial", style), showgrid=False))
    figure.update_yaxes(charts.axis(style, title=_title(score, style), **_ticks(unit)))
    return figure


def importances(study: "optuna.Study", labels: Mapping[str, str], *, theme: Theme = "light") -> go.Figure:
    """Draw how much of the differences between trials each knob explains.

    Parameters
    ----------
    study : optuna.Study
        With at least two trials that differ in their score.
    labels : mapping of str to str
        Names of its parameters as people read them.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    style, names = STYLES[theme], list(reversed(found))
    figure = go.Figure(
        go.Bar(
            x=[found[name] for name in names], y=[labels[name] for name in names], orientation="h",
            marker={"color": style.accent}, text=[f"{found[name]:.0%}" for name in names], textposition="auto",
            hovertemplate="%{y}: %{x:.0%} of the differences<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(**charts.chart_style(theme, max(180, 44 * len(names) + 60)))
    figure.update_layout(margin={"l": 120, "r": 8, "t": 8, "b": 44})
    share = "Share of the differences in score"
    figure.update_xaxes(charts.axis(style, title=_title(share, style), tickformat=".0%", rangemode="tozero"))
    figure.update_yaxes(charts.axis(style, showgrid=False))
    return figure


def slices(
    study: "optuna.Study", labels: Mapping[str, str], score: str, *, unit: str = "", theme: Theme = "light"
) -> go.Figure:
    """Draw the score over each knob by itself, as Optuna does.

    Parameters
    ----------
    study : optuna.Study
    labels : mapping of str to str
        Names of its parameters as people read them.
    score : str
        Its name.
    unit : str
        Its field of :class:`core.result.Scores`, which says how it is written.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Later trials are darker in the light theme, lighter in the dark one.
    """
    from optuna.visualization import plot_slice

    style = STYLES[theme]
    figure = plot_slice(study, params=list(labels), target_name=score)
    bar = {"title": {"text": "Trial"}, "thickness": 10, "outlinewidth": 0, "tickfont": {"color": style.muted}}
    line = {"width": 0.5, "color": style.border}
    figure.update_traces(marker={"colorscale": charts.colour_scale(theme), "size": 8, "line": line, "colorbar": bar})
    _restyle(figure, labels, style, theme)
    return figure.update_yaxes(**_ticks(unit))


def parallel(
    study: "optuna.Study", labels: Mapping[str, str], score: str, *, unit: str = "", theme: Theme = "light"
) -> go.Figure:
    """Draw every trial as a line over the knobs, coloured by its score.

    Parameters
    ----------
    study : optuna.Study
    labels : mapping of str to str
        Names of its parameters as people read them.
    score : str
        Its name.
    unit : str
        Its field of :class:`core.result.Scores`, which says how it is written.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Marking ranges along an axis leaves only the trials that pass through them.
    """
    style, trials = STYLES[theme], [trial for trial in study.trials if trial.value is not None]
    scores = [float(trial.value or 0.0) for trial in trials]
    knobs = [_dimension(name, trials, label) for name, label in labels.items()]
    figure = go.Figure(
        go.Parcoords(
            dimensions=[*knobs, {"label": score, "values": scores, **_ticks(unit)}],
            line={"color": scores, "colorscale": charts.colour_scale(theme), "showscale": False},
            labelfont={"color": style.text, "size": 13}, tickfont={"color": style.muted, "size": 12},
            rangefont={"color": "rgba(0,0,0,0)"}, unselected={"line": {"color": style.border, "opacity": 0.4}},
        )
    )  # fmt: skip
    figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX))
    return figure.update_layout(margin={"l": 60, "r": 60, "t": 48, "b": 24})


def _dimension(name: str, trials: "Sequence[optuna.trial.FrozenTrial]", label: str) -> dict[str, object]:
    """Make one axis: choices are numbered, and a knob that counts by factors has its logarithm."""
    values = [trial.params[name] for trial in trials]
    distribution = trials[0].distributions[name]
    if (choices := getattr(distribution, "choices", None)) is not None:
        indices = [choices.index(value) for value in values]
        return {"label": label, "values": indices, "tickvals": list(range(len(choices))), "ticktext": list(choices)}
    if getattr(distribution, "log", False):
        ticks = [tick for tick in _TICKS if min(values) <= tick <= max(values)]
        logs = {"tickvals": np.log10(ticks).tolist(), "ticktext": [f"{tick:g}" for tick in ticks]}
        return {"label": label, "values": np.log10(values).tolist(), **logs}
    return {"label": label, "values": values}


def _on_scale(cells: np.ndarray, means: np.ndarray, theme: Theme) -> list[list[str]]:
    known = means[np.isfinite(means)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    # The middle of the scale is where plotly puts values that are all one.
    return charts.on_scale(cells, (means - low) / (high - low) if high > low else np.full_like(means, 0.5), theme)


def _ticks(unit: str) -> dict[str, str]:
    """Write a share on an axis as a percentage; plotly chooses the digits of other scores by itself."""
    return {"tickformat": ".0%"} if units.score_format(unit).endswith("%") else {}


def spread_in_words(values: Sequence[float], score: str = "") -> str:
    """Say the mean of a score, and how far starts spread about it.

    Parameters
    ----------
    values : sequence of float
    score : str
        A field of :class:`core.result.Scores`, which says in which unit.

    Returns
    -------
    str
        Such as `0.412 ± 0.013`, the standard deviation; the value alone where there is one.
    """
    mean = units.score(score, float(np.mean(values)))
    return mean if len(values) < 2 else f"{mean} ± {units.score(score, float(np.std(values)))}"


def _restyle(figure: go.Figure, labels: Mapping[str, str], style: Style, theme: Theme) -> None:
    figure.update_layout(template="none", title=None, **charts.chart_style(theme, _HEIGHT_PX))
    figure.update_layout(margin={"l": 60, "r": 8, "t": 24, "b": 54})
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        title = axis.title.text or ""
        axis.update(charts.axis(style, title=_title(labels.get(title, title), style)))
        if axis.type == "log":
            axis.update(tickvals=_TICKS, ticktext=[f"{tick:g}" for tick in _TICKS])
    for trace in figure.data:
        trace.x = [value.strip("'") if isinstance(value, str) else value for value in trace.x]


def _title(text: str, style: Style) -> dict[str, object]:
    return {"text": text, "font": {"color": style.muted, "size": 13}}


def _lay_out(figure: go.Figure, style: Style, theme: Theme) -> None:
    figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX))
    figure.update_layout(margin={"l": 60, "r": 8, "t": 12, "b": 50})


def _names(side: Side) -> list[str]:
    return [str(value) for value in side.values]
