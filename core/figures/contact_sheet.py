"""A sheet of many small maps in one figure: images on a grid, for sweeps. One chart per map would be too much for a browser."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures import charts
from core.figures.colours import STYLES, Style, Theme
from core.text import in_figure

_WIDTH_PX = 900  # of the page, between a narrow and a wide one: what heights are planned for
_LEAST_PX, _MOST_PX = 96, 230
_CAPTION_PX = 24
_TOP_PX, _BOTTOM_PX, _LEGEND_PX = 56, 8, 64
_COLUMNS = 6
_FILLS = 0.94  # of a cell's width


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One small map.

    Parameters
    ----------
    index : tuple of int
        What a click on it gives back.
    png : bytes
    caption : str
        Below it.
    hover : str
        Details shown on hovering, line by line.
    best : bool
        Whether to mark it as the best.
    """

    index: tuple[int, ...]
    png: bytes
    caption: str
    hover: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The knob and its values along one side of a grid.

    Parameters
    ----------
    name : str
        Name of the knob.
    values : sequence of str
    """

    name: str
    values: Sequence[str]


Legend = Sequence[tuple[str, str]]
"""Name and colour of each label of the maps."""


def on_grid(
    tiles: Sequence[Tile],
    rows: Side,
    columns: Side,
    *,
    height_by_width: float,
    legend: Legend = (),
    theme: Theme = "light",
) -> go.Figure:
    """Lay maps out by the values of two knobs.

    Parameters
    ----------
    tiles : sequence of Tile
        Their indices are the row and the column, from the upper left. Cells without a tile are left empty.
    rows, columns : Side
    height_by_width : float
        Of the maps.
    legend : sequence of (str, str)
        Name and colour of each label, above the maps.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Each map has a marker whose `customdata` is its index.
    """
    cells = {(row, column): None for row in range(len(rows.values)) for column in range(len(columns.values))}
    placed = {(tile.index[0], tile.index[1]): tile for tile in tiles}
    figure = _sheet({**cells, **placed}, len(rows.values), len(columns.values), height_by_width, theme)
    style = STYLES[theme]
    figure.update_xaxes(_ticks(columns, style, side="top"))
    figure.update_yaxes(_ticks(rows, style, side="left"))
    return _with_legend(figure, legend)


def in_rows(
    tiles: Sequence[Tile],
    *,
    n_tiles: int,
    height_by_width: float,
    legend: Legend = (),
    theme: Theme = "light",
) -> go.Figure:
    """Lay maps out one after another.

    Parameters
    ----------
    tiles : sequence of Tile
        In order; their captions say what they are.
    n_tiles : int
        How many there will be in the end; room is kept for all.
    height_by_width : float
        Of the maps.
    legend : sequence of (str, str)
        Name and colour of each label, above the maps.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Each map has a marker whose `customdata` is its index.
    """
    n_columns = min(_COLUMNS, max(1, n_tiles))
    n_rows = math.ceil(max(1, n_tiles) / n_columns)
    cells = {divmod(number, n_columns): None for number in range(n_tiles)}
    placed = {divmod(number, n_columns): tile for number, tile in enumerate(tiles)}
    figure = _sheet({**cells, **placed}, n_rows, n_columns, height_by_width, theme)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 8, "b": _BOTTOM_PX})
    figure.update_layout(height=figure.layout.height - _TOP_PX + 8)
    return _with_legend(figure.update_xaxes(visible=False).update_yaxes(visible=False), legend)


def _with_legend(figure: go.Figure, legend: Legend) -> go.Figure:
    """Explain the colours above the maps, in the figure itself, so that a downloaded one has them, too."""
    for name, colour in legend:
        marker = {"symbol": "square", "size": 12, "color": colour}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=in_figure(name), showlegend=True)
    if legend:
        height, top = figure.layout.height + _LEGEND_PX, figure.layout.margin.t + _LEGEND_PX
        above = {"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top", "font": {"size": 13}}
        figure.update_layout(
            height=height, showlegend=True, legend=above | {"itemclick": False, "itemdoubleclick": False}
        )
        figure.update_layout(margin={"t": top})
    return figure


def _sheet(
    cells: Mapping[tuple[int, int], Tile | None], n_rows: int, n_columns: int, height_by_width: float, theme: Theme
) -> go.Figure:
    style = STYLES[theme]
    row_px = _map_px(n_columns, height_by_width) + _CAPTION_PX
    figure = go.Figure()
    figure.update_layout(**charts.chart_style(theme, round(n_rows * row_px) + _TOP_PX + _BOTTOM_PX))
    figure.update_layout(
        margin={"l": 84, "r": 4, "t": _TOP_PX, "b": _BOTTOM_PX}, dragmode=False, clickmode="event+select"
    )
    figure.update_xaxes(charts.axis(style, range=[-0.5, n_columns - 0.5], showgrid=False))
    figure.update_yaxes(charts.axis(style, range=[n_rows - 0.5, -0.5], showgrid=False))
    for (row, column), tile in cells.items():
        _add_cell(figure, tile, row, column, row_px, style)
    _add_markers(figure, cells, row_px, style)
    return figure


def _map_px(n_columns: int, height_by_width: float) -> float:
    width_px = _FILLS * _WIDTH_PX / max(n_columns, 3)
    return min(max(width_px * height_by_width, _LEAST_PX), _MOST_PX)


def _add_cell(figure: go.Figure, tile: Tile | None, row: int, column: int, row_px: float, style: Style) -> None:
    """Draw a map above its caption, or an empty panel where there is none yet."""
    caption = _CAPTION_PX / row_px
    x, y = column - _FILLS / 2, row - 0.5
    if tile is None or tile.best:
        border = {"color": style.accent if tile else style.border, "width": 2 if tile else 1}
        figure.add_shape(
            type="rect", x0=x, x1=x + _FILLS, y0=y + 0.01, y1=y + (0.99 if tile else 1 - caption), line=border,
            fillcolor="rgba(0,0,0,0)" if tile else style.panel, layer="below",
        )  # fmt: skip
    if tile is not None:
        source = "data:image/png;base64," + base64.b64encode(tile.png).decode()
        figure.add_layout_image(
            source=source, x=column, y=y + 1 - caption - 0.01, xref="x", yref="y", sizex=_FILLS * 0.96, sizey=1 - caption - 0.03,
            xanchor="center", yanchor="bottom", sizing="contain", layer="below",
        )  # fmt: skip


def _add_markers(figure: go.Figure, cells: Mapping[tuple[int, int], Tile | None], row_px: float, style: Style) -> None:
    """Put captions below the maps, and over each map an invisible square that reacts to the pointer."""
    shown = {cell: tile for cell, tile in cells.items() if tile is not None}
    captions = [f"<b>{tile.caption}</b>" if tile.best else tile.caption for tile in shown.values()]
    below = 0.5 - _CAPTION_PX / row_px / 2
    figure.add_scatter(
        x=[column for _, column in shown], y=[row + below for row, _ in shown], mode="text", text=captions,
        textfont={"size": 12, "color": style.text}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    unseen = {"symbol": "square", "size": 0.8 * row_px, "color": style.accent, "opacity": 0}
    figure.add_scatter(
        x=[column for _, column in shown], y=[row - 0.06 for row, _ in shown], mode="markers", marker=unseen,
        showlegend=False, selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        customdata=[list(tile.index) for tile in shown.values()],
        hovertext=[tile.hover for tile in shown.values()], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _ticks(along: Side, style: Style, side: str) -> dict[str, object]:
    return {
        "title": {"text": along.name, "font": {"color": style.muted, "size": 13}, "standoff": 6},
        "tickvals": list(range(len(along.values))),
        "ticktext": list(along.values),
        "tickfont": {"color": style.text, "size": 13},
        "showline": False,
        "ticks": "",
        "side": side,
    }
