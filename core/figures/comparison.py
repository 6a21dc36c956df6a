"""Predicted domains beside annotated layers: the main picture of this package."""

import numpy as np
import plotly.graph_objects as go

from core import units
from core.coordinates import Coordinates
from core.evaluation.matching import Matching, domains_of
from core.figures import colours, tissue
from core.figures.colours import STYLES, Style, Theme
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from core.text import in_figure

FONT = '"Source Sans", "Source Sans Pro", "Source Sans 3", "Helvetica Neue", Arial, sans-serif'
_GAP = 0.012


def predicted_and_annotated(
    sample: Sample,
    result: Result,
    found: Matching | None = None,
    *,
    theme: Theme = "light",
    heading: bool = True,
) -> go.Figure:
    """Draw the domains of a run beside the annotated layers, on one scale and in matched colours.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.
    found : Matching, optional
        Its domains, where people gave them names.
    theme : {"light", "dark"}
    heading : bool
        Whether to write the sample's name and the scores above the maps.

    Returns
    -------
    plotly.graph_objects.Figure
        Two maps that pan and zoom together (one map where the sample has no annotation), y down, micrometres. A domain
        has the name and colour of the layer that it is matched with. An arrow points to greater depth, or lines of equal depth show one that bends.
    """
    style = STYLES[theme]
    found = domains_of(sample, result.labels) if found is None else found
    layers = sample.classes
    figure = go.Figure()
    drawn, at = tissue.thinned(sample.coordinates)
    _add_predicted(figure, sample, found, drawn, at, colours.domain_colours(found, layers, theme))
    if layers:
        _add_annotated(figure, sample, drawn, at, colours.layer_colours(layers, theme, sample.class_colours))
    names, texts = spot_names(sample), _hover_texts(sample, found, drawn)
    for panel in _panels(sample):
        figure.add_trace(tissue.hover(sample.coordinates[drawn], [names[spot] for spot in drawn], texts, panel))
    tissue.add_scale_bar(figure, sample.coordinates, style)
    tissue.add_depth(figure, sample.coordinates, result.direction, style)
    _lay_out(figure, sample, style)
    _write_titles(figure, sample, _heading(sample, result) if heading else "", style)
    return figure


def _panels(sample: Sample) -> tuple[int, ...]:
    return (1,) if sample.labels_true is None else (1, 2)


def _add_predicted(
    figure: go.Figure, sample: Sample, found: Matching, drawn: np.ndarray, at: Coordinates, colour: dict[int, str]
) -> None:
    of_layers = {display_name(layer) for layer in sample.classes}
    by_name: dict[str, list[int]] = {}
    for cluster, name in found.names.items():
        by_name.setdefault(name, []).append(cluster)
    for name, clusters in by_name.items():  # domains of one name are one
        spots, text, first = at[np.isin(found.labels[drawn], clusters)], in_figure(name), clusters[0]
        figure.add_trace(tissue.area(spots, text, colour[first], 1, group=text))
        if name not in of_layers:
            figure.add_trace(tissue.legend_key(text, colour[first], text, rank=1000 + first))


def _add_annotated(
    figure: go.Figure, sample: Sample, drawn: np.ndarray, at: Coordinates, colour: dict[str, str]
) -> None:
    truth = np.asarray(sample.labels_true)[drawn]
    for rank, (layer, shade) in enumerate(colour.items()):
        spots, name = at[truth == layer], in_figure(display_name(layer))
        figure.add_trace(tissue.area(spots, name, shade, 2, group=name))
        figure.add_trace(tissue.legend_key(name, shade, name, rank=rank))


def _hover_texts(sample: Sample, found: Matching, drawn: np.ndarray) -> list[str]:
    called = {cluster: in_figure(name) for cluster, name in found.names.items()}
    if sample.labels_true is None:
        return [called[int(cluster)] for cluster in found.labels[drawn]]
    said = {layer: in_figure(display_name(layer)) for layer in sample.classes}
    pairs = zip(found.labels[drawn], sample.labels_true[drawn], strict=True)
    return [f"{called[int(cluster)]}<br>Annotated: {said[str(layer)]}" for cluster, layer in pairs]


def spot_names(sample: Sample) -> list[str]:
    """Name each spot as pictures do: its barcode, or a number where the sample has none.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    list of str
    """
    if sample.barcodes is not None:
        return [str(barcode) for barcode in sample.barcodes]
    return [f"Spot {number}" for number in range(sample.n_spots)]


def _lay_out(figure: go.Figure, sample: Sample, style: Style) -> None:
    left, right, top, bottom = tissue.extent_um(sample.coordinates)
    margin = 0.03 * (right - left)
    axis = {"visible": False, "constrain": "range"}
    x = {**axis, "range": [left - margin, right + margin]}
    y = {**axis, "range": [bottom + 0.07 * (bottom - top), top - margin]}
    side = 0.5 - _GAP / 2
    two = len(_panels(sample)) == 2
    figure.update_layout(
        xaxis={**x, "domain": [0, side if two else 1]},
        yaxis={**y, "scaleanchor": "x", "scaleratio": 1},
        paper_bgcolor=style.paper,
        plot_bgcolor=style.panel,
        font={"family": FONT, "size": 14, "color": style.text},
        hoverlabel={"bgcolor": style.paper, "bordercolor": style.border, "font": {"color": style.text, "family": FONT}},
        hovermode="closest",
        dragmode="pan",
        margin={"l": 0, "r": 0, "t": 30, "b": 8},
        legend={
            "orientation": "h", "x": 0, "y": -0.015, "yanchor": "top", "traceorder": "normal", "font": {"size": 13},
            "bgcolor": "rgba(0,0,0,0)", "itemsizing": "trace",
        },
    )  # fmt: skip
    if two:
        figure.update_layout(
            xaxis2={**x, "domain": [1 - side, 1], "matches": "x", "anchor": "y2"},
            yaxis2={**y, "matches": "y", "anchor": "x2"},
        )


def _write_titles(figure: go.Figure, sample: Sample, heading: str, style: Style) -> None:
    made = (" (synthetic tissue)" if sample.synthetic else "") + tissue.thinned_in_words(sample.n_spots)
    for panel, index in zip(_panels(sample), (0.0, 0.5 + _GAP / 2), strict=False):
        figure.add_annotation(
            text=f"<b>{('Predicted', 'Annotated')[panel - 1]}</b>{made}", x=index, y=1, xref="paper", yref="paper",
            xanchor="left", yanchor="bottom", yshift=4, showarrow=False, font={"size": 15, "color": style.text},
        )  # fmt: skip
    if heading:
        figure.add_annotation(
            text=heading, x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=32, showarrow=False,
            font={"size": 19, "color": style.text},
        )  # fmt: skip
        figure.update_layout(margin={"l": 20, "r": 20, "t": 84, "b": 16})


def _heading(sample: Sample, result: Result) -> str:
    parts = [f"<b>{in_figure(sample.name)}</b>", *["guided"] * (result.guidance is not None)]
    if result.scores.ari is not None and result.scores.nmi is not None:
        parts += [f"{name.upper()} {units.score(name, getattr(result.scores, name))}" for name in ("ari", "nmi")]
    return "   ".join(parts)
