"""What a comparison of two groups of spots found: a volcano of all genes, and violins of chosen genes."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.evaluation.differential import Differential
from core.figures import charts
from core.figures.colours import STYLES, Theme
from core.text import in_figure

MAX_P = 0.05
MIN_FOLD = 1.0
"""Genes are coloured where adjusted p is below `MAX_P` and log2 fold change beyond `MIN_FOLD`, which is twice as much or half."""

N_LABELLED = 8
"""Genes named on each side of a volcano."""

_MOST_LOG10_P = 300.0  # float64 ends there
_HEIGHT_PX, _PLOT_PX, _NAME_PX, _VIOLIN_PX = 420, 320, 15, 170
_LONGEST_BELOW = 16  # characters
_MOST_VALUES = 500  # of a violin: quantiles stand for more
_AGAINST: Mapping[Theme, str] = {"light": "#D97706", "dark": "#F0A040"}


def volcano(found: Differential, names: tuple[str, str], *, theme: Theme = "light") -> go.Figure:
    """Draw how much and how surely every gene differs.

    Parameters
    ----------
    found : Differential
    names : (str, str)
        Of the group, and of what it is held against.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A dot for each gene: log2 fold change across, and -log10 of adjusted p up, cut off at 300, where the numbers of computers end.
        Genes that one group lacks lie at the largest fold of the others. Genes beyond both limits have a colour for the group that has more of them; the `N_LABELLED` of highest score on either side
        are named. The gene of a dot is its `customdata[0]`.
    """
    style, figure = STYLES[theme], go.Figure()
    x = _cut_off(found)
    with np.errstate(divide="ignore"):
        y = np.minimum(-np.log10(found.p_adjusted), _MOST_LOG10_P)
    clear = (found.p_adjusted < MAX_P) & (np.abs(x) > MIN_FOLD)
    sides = (
        ("No clear difference", style.muted, ~clear), (f"More in {names[0]}", style.accent, clear & (x > 0)),
        (f"More in {names[1]}", _AGAINST[theme], clear & (x < 0)),
    )  # fmt: skip
    for name, colour, which in sides:
        _add_dots(figure, found, which, (x, y), f"{in_figure(name)} ({which.sum():,})", colour)
    _name_best(figure, found, clear, (x, y), theme)
    _lay_out_volcano(figure, x, y, names, theme)
    return figure


def _add_dots(
    figure: go.Figure, found: Differential, which: np.ndarray, at: tuple[np.ndarray, np.ndarray], name: str, colour: str
) -> None:
    columns = (
        found.log2_fold_change,
        found.p_adjusted,
        found.share,
        found.share_against,
        found.mean,
        found.mean_against,
    )
    genes = [in_figure(gene) for gene in found.genes[which].tolist()]
    figure.add_scattergl(
        x=at[0][which], y=at[1][which], mode="markers", name=name,
        customdata=list(zip(genes, *(column[which].tolist() for column in columns), strict=True)),
        marker={"size": 6, "color": colour, "opacity": 0.75, "line": {"width": 0}},
        hovertemplate="<b>%{customdata[0]}</b><br>log2 fold change %{customdata[1]:.2f}, adjusted p %{customdata[2]:.1e}<br>"
        "%{customdata[3]:.0%} of spots against %{customdata[4]:.0%}<br>mean %{customdata[5]:.2f} against %{customdata[6]:.2f}"
        "<extra></extra>",
    )  # fmt: skip


def _name_best(
    figure: go.Figure, found: Differential, clear: np.ndarray, at: tuple[np.ndarray, np.ndarray], theme: Theme
) -> None:
    x, y = at
    ranked = found.ranked()
    for side, genes in ((1, ranked), (-1, ranked[::-1])):
        best = [gene for gene in genes.tolist() if clear[gene] and side * x[gene] > 0][:N_LABELLED]
        _name_side(figure, found, sorted(best, key=lambda gene: y[gene]), at, side, theme)


def _name_side(
    figure: go.Figure, found: Differential, genes: list[int], at: tuple[np.ndarray, np.ndarray], side: int, theme: Theme
) -> None:
    """Write names beside their dots from the lowest to the highest, each above the last one."""
    style, free_px = STYLES[theme], 0.0
    for gene in genes:
        own_px = _PLOT_PX * at[1][gene] / _top(at[1])
        name_px = max(own_px, free_px)
        free_px = name_px + _NAME_PX
        figure.add_annotation(
            x=at[0][gene], y=at[1][gene], text=in_figure(str(found.genes[gene])), ax=side * 22, ay=own_px - name_px, showarrow=True,
            arrowhead=0, arrowwidth=0.7, arrowcolor=style.muted, standoff=4, xanchor="left" if side > 0 else "right",
            font={"size": 12, "color": style.text},
        )  # fmt: skip


def _top(y: np.ndarray) -> float:
    return 1.2 * max(2.0, float(y.max(initial=0)))


def _cut_off(found: Differential) -> np.ndarray:
    """Bring folds of genes that one group lacks, which are arbitrary, to the largest fold of those that both have."""
    both = (found.share > 0) & (found.share_against > 0)
    most = max(2 * MIN_FOLD, float(np.abs(found.log2_fold_change[both]).max(initial=0)))
    return np.clip(found.log2_fold_change, -most, most)


def _lay_out_volcano(figure: go.Figure, x: np.ndarray, y: np.ndarray, names: tuple[str, str], theme: Theme) -> None:
    style = STYLES[theme]
    figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX))
    # Names of the outermost genes need room beside them.
    reach = 1.3 * max(2 * MIN_FOLD, float(np.abs(x).max(initial=0)))
    figure.update_xaxes(
        charts.axis(
            style, range=[-reach, reach], title={"text": f"log2 fold change (right: more in {in_figure(names[0])})", "font": {"color": style.muted, "size": 13}},
            automargin=True,
        )
    )  # fmt: skip
    top = _top(y)
    figure.update_yaxes(
        charts.axis(style, range=[-0.03 * top, top], automargin=True, title={"text": "−log10 adjusted p", "font": {"color": style.muted, "size": 13}})
    )  # fmt: skip
    for position in (-MIN_FOLD, MIN_FOLD):
        figure.add_vline(position, line={"color": style.border, "width": 1, "dash": "dash"})
    figure.add_hline(-np.log10(MAX_P), line={"color": style.border, "width": 1, "dash": "dash"})
    figure.update_layout(
        showlegend=True, margin={"t": 44},
        legend={
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "font": {"color": style.text},
            "bgcolor": "rgba(0,0,0,0)", "itemsizing": "constant",
        },
    )  # fmt: skip


def violins(
    values: Mapping[str, np.ndarray],
    labels: np.ndarray,
    names: Sequence[str],
    shades: Sequence[str],
    *,
    theme: Theme = "light",
) -> go.Figure:
    """Draw how genes are distributed in each domain or layer.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_spots,), float
        Log-normalised expression by gene; a row of violins for each.
    labels : ndarray of shape (n_spots,), int
        Index of each spot's domain in `names`.
    names, shades : sequence of str
        Names and hexadecimal colours, in the order of the figure.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A violin for each gene and domain, of one width, with a line at its median; domains without spots have none.
    """
    style, figure = STYLES[theme], go.Figure()
    present = [index for index in range(len(names)) if (labels == index).any()]
    ticks = [in_figure(names[index]) for index in present]
    for row, (gene, of_gene) in enumerate(values.items(), start=1):
        for place, index in enumerate(present):
            found = of_gene[labels == index]
            figure.add_violin(
                x0=place, y=_few(found), xaxis="x", yaxis=f"y{row}", name=ticks[place], line={"color": style.text, "width": 0.8},
                fillcolor=shades[index], opacity=1, points=False, spanmode="hard", scalemode="width", width=0.85,
                meanline={"visible": False}, box={"visible": False}, hoverinfo="skip",
            )  # fmt: skip
            quarter, median, three = np.percentile(found, (25, 50, 75))
            figure.add_scatter(
                x=[place], y=[median], xaxis="x", yaxis=f"y{row}", mode="markers",
                marker={"symbol": "line-ew", "size": 16, "line": {"width": 2, "color": style.text}},
                customdata=[(ticks[place], in_figure(gene), quarter, three, (found > 0).mean(), len(found))],
                hovertemplate="<b>%{customdata[1]}</b> in %{customdata[0]} (%{customdata[5]:,} spots)<br>median %{y:.2f}, quartiles "
                "%{customdata[2]:.2f} and %{customdata[3]:.2f}<br>in %{customdata[4]:.0%} of spots<extra></extra>",
            )  # fmt: skip
    _lay_out_violins(figure, list(values), [charts.beside(names[index], _LONGEST_BELOW) for index in present], theme)
    return figure


def _few(values: np.ndarray) -> np.ndarray:
    many = len(values) > _MOST_VALUES
    return (np.quantile(values, np.linspace(0, 1, _MOST_VALUES)) if many else values).astype(np.float32)


def _lay_out_violins(figure: go.Figure, genes: list[str], ticks: list[str], theme: Theme) -> None:
    style, n_genes = STYLES[theme], len(genes)
    figure.update_layout(**charts.chart_style(theme, _VIOLIN_PX * n_genes + 40))
    figure.update_layout(
        violinmode="overlay", margin={"t": 12},
        xaxis=charts.axis(
            style, tickvals=list(range(len(ticks))), ticktext=ticks, tickfont={"color": style.text}, showgrid=False, automargin=True,
            range=[-0.6, len(ticks) - 0.4], anchor=f"y{n_genes}",
        ),
    )  # fmt: skip
    for row, gene in enumerate(genes, start=1):
        top = 1 - (row - 1) / n_genes
        figure.layout[f"yaxis{row}"] = charts.axis(
            style, domain=[top - 0.88 / n_genes, top], rangemode="tozero", automargin=True, anchor="x",
            title={"text": in_figure(gene), "font": {"color": style.text, "size": 13}},
        )  # fmt: skip
