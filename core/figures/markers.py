"""Marker genes of all domains in one figure: a dot for each domain and gene."""

import math

import numpy as np
import plotly.graph_objects as go

from core.evaluation.markers import Markers
from core.evaluation.matching import Matching
from core.figures import charts
from core.figures.colours import STYLES, Theme
from core.text import in_figure

MAX_GENES = 30
"""More columns than that cannot be read beside each other."""

_ROW_PX, _AROUND_PX, _LARGEST_DOT_PX = 30, 110, 17
_KEYS = (0.25, 0.5, 1.0)


def leading_genes(markers: Markers, clusters: list[int], n_genes: int) -> list[tuple[int, int]]:
    """Choose the genes that lead the domains' tables.

    Parameters
    ----------
    markers : Markers
    clusters : list of int
        In the order of the figure.
    n_genes : int
        For each domain; fewer where all domains together would have more than `MAX_GENES`.

    Returns
    -------
    list of (int, int)
        Cluster, and column of one of its genes. A gene that leads twice stands with the first.
    """
    each = min(n_genes, max(1, MAX_GENES // len(clusters)))
    chosen: dict[int, int] = {}
    for cluster in clusters:
        for gene in markers.ranked(cluster)[:each].tolist():
            chosen.setdefault(gene, cluster)
    return [(cluster, gene) for gene, cluster in chosen.items()]


def dot_plot(
    markers: Markers, matching: Matching, labels_true: np.ndarray | None, *, n_genes: int = 3, theme: Theme = "light"
) -> go.Figure:
    """Draw how widely and how strongly each domain expresses the leading genes of every domain.

    Parameters
    ----------
    markers : Markers
    matching : Matching
        Of the same labels.
    labels_true : ndarray of shape (n_spots,), str, or None
        For the colours.
    n_genes : int
        Leading genes of each domain, as :func:`leading_genes` takes them.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A row for each domain in the order of the layers, a column for each gene. Area: share of the domain's spots that
        have the gene. Colour: its mean in the domain, from 0 in the domain with the least to 1 in that with the most. The
        gene of a dot is its `customdata[0]`.
    """
    clusters = [cluster for cluster in charts.ordered_clusters(matching) if cluster in markers.clusters]
    genes = [gene for _, gene in leading_genes(markers, clusters, n_genes)]
    rows = [markers.clusters.index(cluster) for cluster in clusters]
    shares, means = (
        values[np.ix_(rows, genes)].astype(float) for values in (markers.shares_inside, markers.means_inside)
    )
    called = charts.domain_names(matching)
    names = [called[cluster] for cluster in clusters]
    called_genes = [in_figure(gene) for gene in markers.genes[genes].tolist()]
    figure = go.Figure(_dots(shares, means, called_genes, names, theme))
    shades = charts.colours_of_clusters(matching, labels_true, theme)
    told_apart = matching.told_apart
    swatches = [charts.swatch(charts.beside(told_apart[cluster]), shades[cluster]) + "  " for cluster in clusters]
    _lay_out(figure, swatches, called_genes, theme)
    _add_size_key(figure, theme)
    return figure


def _dots(shares: np.ndarray, means: np.ndarray, genes: list[str], names: list[str], theme: Theme) -> go.Scatter:
    style = STYLES[theme]
    pairs = [(gene, name) for name in names for gene in genes]
    facts = [(*pair, share, mean) for pair, share, mean in zip(pairs, shares.flat, means.flat, strict=True)]
    bar = {
        "title": {"text": ""}, "thickness": 10, "len": 0.8, "outlinewidth": 0, "x": 1, "ticks": "", "tickvals": [0, 1],
        "ticktext": ["least", "most"], "tickfont": {"color": style.muted},
    }  # fmt: skip
    return go.Scatter(
        x=np.tile(np.arange(len(genes)), len(names)), y=np.repeat(np.arange(len(names)), len(genes)),
        customdata=facts, mode="markers", showlegend=False,
        marker={
            "size": [_diameter_px(share) for share in shares.flat], "color": _scaled(means).ravel(), "cmin": 0, "cmax": 1,
            "colorscale": charts.colour_scale(theme), "colorbar": bar, "opacity": 1,
            "line": {"width": 0.8, "color": style.muted},
        },
        hovertemplate="<b>%{customdata[0]}</b> in %{customdata[1]}<br>%{customdata[2]:.0%} of spots, mean %{customdata[3]:.2f}<extra></extra>",
    )  # fmt: skip


def _diameter_px(share: float) -> float:
    return _LARGEST_DOT_PX * math.sqrt(share)


def _scaled(means: np.ndarray) -> np.ndarray:
    """Bring each gene's means to 0 in the domain with the least and 1 in that with the most; 0 where they are equal."""
    low, high = means.min(axis=0), means.max(axis=0)
    return np.divide(means - low, high - low, out=np.zeros_like(means), where=high > low)


def _add_size_key(figure: go.Figure, theme: Theme) -> None:
    style = STYLES[theme]
    for share in _KEYS:
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=f"{share:.0%}", hoverinfo="skip",
            marker={"size": _diameter_px(share), "color": style.muted},
        )  # fmt: skip
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "itemsizing": "trace",
            "itemclick": False, "itemdoubleclick": False, "font": {"color": style.muted}, "bgcolor": "rgba(0,0,0,0)",
            "title": {"text": "Spots of the domain with the gene", "font": {"color": style.muted, "size": 13}},
        },
    )  # fmt: skip


def _lay_out(figure: go.Figure, rows: list[str], genes: list[str], theme: Theme) -> None:
    style = STYLES[theme]
    plain = {"showline": False, "ticks": "", "automargin": True, "tickfont": {"color": style.text}}
    figure.update_layout(**charts.chart_style(theme, _ROW_PX * len(rows) + _AROUND_PX))
    figure.update_xaxes(
        charts.axis(
            style, **plain, tickvals=list(range(len(genes))), ticktext=genes, tickangle=-60, range=[-0.7, len(genes) - 0.3],
            showgrid=False,
        )
    )  # fmt: skip
    figure.update_yaxes(
        charts.axis(style, **plain, tickvals=list(range(len(rows))), ticktext=rows, range=[len(rows) - 0.4, -0.6])
    )
    figure.update_layout(margin={"t": 36})
