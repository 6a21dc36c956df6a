"""Maps of a sample and its runs, and what is selected on them."""

import csv
import dataclasses
import io
from collections import Counter

import numpy as np
import streamlit as st

from core.depth import FoundDirection, across_layers_um
from core.evaluation.matching import Matching, match_steadily
from core.figures import colours
from core.figures.comparison import spot_names
from core.io.export import spot_places
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from ui.data import compute
from ui.shell import pictures, session
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap, tissue_view

_NONE_SELECTED = "No spots are selected: press Lasso and draw around some on either map."


def predicted_beside_annotated(sample: Sample, result: Result | None, missing: str = "") -> np.ndarray | None:
    """Draw the clusters of a run beside the annotated layers, in matched colours."""
    if result is not None:
        _remember_direction(sample, result.direction)
    first = waiting(sample, missing) if result is None else predicted(sample, result, matched(sample, result))
    return tissue_view(
        session.widget_key("maps"),
        places=sample.places,
        maps=[first, *_pinned(sample), *([] if sample.labels_true is None else [annotated(sample)])],
        spot_names=spot_names(sample),
        theme=session.theme(),
        stain=sample.spot_rgb,
        image=pictures.underlay(sample),
    )


def _pinned(sample: Sample) -> list[TissueMap]:
    kept = session.pinned(sample.content_hash) if session.comparing() else None
    if kept is None:
        return []
    # In the colours of the result beside it; numbers of clusters mean nothing between two runs, so the legend says whose they are.
    matching = match_steadily(kept.labels, sample.labels_true, session.shown_matching(sample))
    drawn = predicted(sample, kept, matching, "Pinned")
    n_layers = len(sample.classes)
    return [
        dataclasses.replace(
            drawn, names=[*drawn.names[:n_layers], *(f"{name} (pinned)" for name in drawn.names[n_layers:])]
        )
    ]


def matched(sample: Sample, result: Result) -> Matching:
    """Match clusters with layers, as steadily as the moves of this session allow."""
    before = session.shown_matching(sample)
    if before is not None and before.labels is result.labels:  # several places of a page ask
        return before
    matching = match_steadily(result.labels, sample.labels_true, before)
    session.remember_matching(sample, matching)
    return matching


def cluster_colours(sample: Sample, matching: Matching) -> dict[int, str]:
    """Give the clusters the colours that their map has."""
    return colours.cluster_colours(matching.layers, _layers(sample), "light", matching.places)


def waiting(sample: Sample, missing: str) -> TissueMap:
    """Stand in for predicted domains before there are any."""
    description = f"The predicted domains of {sample.name} wait for training."
    return TissueMap(title=_title("Predicted", sample), description=description, message=missing)


def predicted(sample: Sample, result: Result, matching: Matching, title: str = "Predicted") -> TissueMap:
    """Make a map of the clusters of a run."""
    layers = _layers(sample)
    shades = colours.cluster_colours(matching.layers, layers, session.theme(), matching.places)
    alone = [cluster for cluster, layer in matching.layers.items() if layer is None]
    place = {cluster: len(layers) + at for at, cluster in enumerate(alone)}
    place |= {cluster: layers.index(layer) for cluster, layer in matching.layers.items() if layer is not None}
    holder = {layer: cluster for cluster, layer in matching.layers.items()}
    named = [display_name(layer) for layer in layers]
    known = [f"{name} (cluster {holder.get(layer)})" for name, layer in zip(named, layers, strict=True)]
    names = [f"Cluster {cluster}" for cluster in alone]
    return TissueMap(
        title=_title(title, sample),
        description=f"{len(matching.layers)} predicted domains of {sample.name}.",
        labels=np.array([place.get(cluster, 0) for cluster in range(int(result.labels.max()) + 1)])[result.labels],
        names=[*named, *names],
        colours=[*colours.layer_colours(layers, session.theme()).values(), *(shades[cluster] for cluster in alone)],
        words=[*known, *names],
        arrow=_arrow(result.direction, sample),
        lines_um=compute.depth_lines(sample, result.direction),
    )


def annotated(sample: Sample, title: str = "Annotated") -> TissueMap:
    """Make a map of the annotated layers."""
    shades = colours.layer_colours(_layers(sample), session.theme())
    place = {layer: at for at, layer in enumerate(shades)}
    return TissueMap(
        title=_title(title, sample),
        description=f"{len(sample.layer_names)} annotated layers of {sample.name}.",
        labels=np.array([place[str(layer)] for layer in np.asarray(sample.labels_true)]),
        names=[display_name(layer) for layer in shades],
        colours=list(shades.values()),
    )


def selection(sample: Sample, result: Result | None, spots: np.ndarray | None) -> None:
    """Say what the selected spots are, and offer their barcodes."""
    columns = {} if spots is None else _columns(sample, result, spots)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_NONE_SELECTED if spots is None else _composition(len(spots), columns), width="stretch")
        st.download_button(
            "Barcodes",
            _as_csv(columns),
            file_name=f"{sample.name}_selected.csv",
            mime="text/csv",
            key=session.widget_key("selected barcodes"),
            icon=":material/download:",
            help="Barcodes, positions and labels of the selected spots, as CSV.",
            disabled=spots is None,
            on_click="ignore",
        )


def _remember_direction(sample: Sample, direction: FoundDirection | None) -> None:
    if direction is not None and direction.method != "manual":
        session.remember_angle(sample, direction.angle)


def _layers(sample: Sample) -> list[str]:
    return colours.in_order(sample.classes)


def _title(title: str, sample: Sample) -> str:
    return title + " (synthetic tissue)" * sample.synthetic


def _arrow(direction: FoundDirection | None, sample: Sample) -> tuple[float, float] | None:
    if direction is None or direction.bend is not None:
        return None
    across, down = across_layers_um(direction.angle, sample.unit_um)
    return float(across), float(down)


def _columns(sample: Sample, result: Result | None, spots: np.ndarray) -> dict[str, list[str]]:
    names = spot_names(sample)
    columns = {"barcode": [names[spot] for spot in spots]}
    axes, places = spot_places(sample)
    columns |= {axis: [str(at) for at in places[spots, i]] for i, axis in enumerate(axes)}
    shown = [] if result is None else [predicted(sample, result, matched(sample, result), "predicted")]
    shown += [] if sample.labels_true is None else [annotated(sample, "annotated")]
    for item in shown:
        columns[item.title.split()[0]] = [item.names[label] for label in np.asarray(item.labels)[spots]]
    return columns


def _composition(n_selected: int, columns: dict[str, list[str]]) -> str:
    parts = [f"**{n_selected:,} spot{'s' * (n_selected != 1)} selected**"]
    for title in ("predicted", "annotated"):
        counts = Counter(columns.get(title, ())).most_common()
        words = ", ".join(f"{count:,} in {as_markdown(name)}" for name, count in counts)
        parts += [f"{title.capitalize()}: {words}"] if counts else []
    return ". ".join(parts) + "."


def _as_csv(columns: dict[str, list[str]]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
