"""Position against expression in the distance, as a bar."""

import plotly.graph_objects as go

from core.evaluation.share import Shares, share_in_words
from core.figures import charts
from core.figures.colours import SURROUNDINGS, Theme

_HEIGHT_PX = 70


def share_bar(shares: Shares, *, theme: Theme = "light") -> go.Figure:
    """Draw one bar, split into position and expression.

    Parameters
    ----------
    shares : Shares
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    look = SURROUNDINGS[theme]
    figure = go.Figure()
    for name, share, colour in (
        ("Position", shares.position, look.muted),
        ("Expression", shares.expression, look.accent),
    ):
        figure.add_bar(
            x=[share], y=[""], orientation="h", name=name, marker={"color": colour, "line": {"width": 0}},
            hovertemplate=f"{name}: %{{x:.1%}} of the squared distance<extra></extra>",
        )  # fmt: skip
    hidden = charts.axis(look, visible=False)
    figure.update_layout(**charts.look_of_a_chart(theme, _HEIGHT_PX))
    figure.update_layout(
        barmode="stack",
        xaxis={**hidden, "range": [0, 1]},
        yaxis=hidden,
        bargap=0,
        margin={"l": 0, "r": 0, "t": 26, "b": 26},
    )
    charts.write_above(figure, charts.swatch(f"Position {share_in_words(shares.position)}", look.muted), 0.0, look)
    charts.write_above(figure, charts.swatch(f"Expression {share_in_words(shares.expression)}", look.accent), 1.0, look)
    # Below the bar: side by side the two would overlap in a narrow column.
    figure.layout.annotations[1].update(x=1, y=0, xanchor="right", yanchor="top", yshift=-5)
    return figure
