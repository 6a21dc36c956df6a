"""How many spots each layer has."""

from collections.abc import Mapping

import plotly.graph_objects as go

from core.figures import colours
from core.figures.charts import axis, beside, chart_style
from core.figures.colours import STYLES, Theme
from core.figures.contrast import rim
from core.layer_names import display_name
from core.text import in_figure

_ROW_PX = 26


def spots_per_layer(
    counts: Mapping[str, int], names: list[str], *, theme: Theme = "light", own: Mapping[str, str] | None = None
) -> go.Figure:
    """Draw a bar for each layer, in its colour.

    Parameters
    ----------
    counts : mapping of str to int
        Spots by layer; layers of the sample that are missing here get an empty row.
    names : list of str
        All layers of the sample: they fix rows and colours.
    theme : {"light", "dark"}
    own : mapping of str to str, optional
        As for :func:`core.figures.colours.layer_colours`.

    Returns
    -------
    plotly.graph_objects.Figure
        Layers from the surface inwards, the unannotated last; number and share at the end of each bar.
    """
    style, layers = STYLES[theme], colours.in_order(names)
    numbers, total = [counts.get(layer, 0) for layer in layers], max(1, sum(counts.values()))
    shade = colours.layer_colours(names, theme, own)
    figure = go.Figure(
        go.Bar(
            x=numbers,
            y=[in_figure(display_name(layer)) for layer in layers],
            orientation="h",
            marker={
                "color": [shade[layer] for layer in layers],
                "line": {"width": 1, "color": [rim(shade[layer], theme) for layer in layers]},
            },
            text=[f"{number:,}  ({number / total:.0%})" for number in numbers],
            textposition="outside",
            textfont={"color": style.text},
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,} spots<extra></extra>",
        )
    )
    called = [display_name(layer) for layer in layers]
    names_beside = {"tickvals": list(map(in_figure, called)), "ticktext": list(map(beside, called))}
    figure.update_layout(**chart_style(theme, 16 + _ROW_PX * len(layers)))
    figure.update_layout(
        xaxis=axis(style, visible=False, range=[0, 2.1 * max([*numbers, 1])]),
        yaxis=axis(
            style, **names_beside, autorange="reversed", automargin=True, tickfont={"color": style.text}, showgrid=False
        ),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        bargap=0.25,
    )
    return figure
