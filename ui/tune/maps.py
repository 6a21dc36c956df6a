"""The maps of Tune (predicted, pinned and annotated), and the spots selected by the lasso with their download."""

import csv
import dataclasses
import io
from collections import Counter

import numpy as np
import streamlit as st

from core.figures.comparison import spot_names
from core.io.export import spot_positions
from ui.shell import maps, session
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap
from ui.tune import parts
from ui.tune.shown import Shown, ShownResult

_NONE_SELECTED = "No spots are selected: press Lasso and draw around some on either map."


def predicted_beside_annotated(shown: Shown) -> np.ndarray | None:
    """Draw the predicted domains beside the annotated layers, and return the spots selected by the lasso."""
    drawn = [_predicted(shown), *_pinned(shown), *_annotated(shown, "Annotated")]
    return maps.draw(
        session.widget_key("maps"),
        shown.sample,
        drawn,
        shown.theme,
        on_selection=lambda: parts.alone(parts.PICTURE, parts.TELLING),
        on_rest=lambda: parts.alone(parts.TELLING),
        move=parts.move(),
    )


def _predicted(shown: Shown, title: str = "Predicted") -> TissueMap:
    sample = shown.sample
    if isinstance(shown, ShownResult):
        return maps.predicted(sample, shown.result, shown.matching, shown.theme, title)
    description = f"The predicted domains of {sample.name} wait for training."
    return TissueMap(title=maps.titled(title, sample), description=description, message=shown.missing)


def _pinned(shown: Shown) -> list[TissueMap]:
    if shown.pinned is None or shown.pinned.matching is None:
        return []
    drawn = maps.predicted(shown.sample, shown.pinned.result, shown.pinned.matching, shown.theme, "Pinned")
    n_layers = len(shown.sample.classes)
    # Cluster numbers of two runs are unrelated, so the legend marks those of the pinned run.
    names = [*drawn.names[:n_layers], *(f"{name} (pinned)" for name in drawn.names[n_layers:])]
    return [dataclasses.replace(drawn, names=names)]


def _annotated(shown: Shown, title: str) -> list[TissueMap]:
    return [] if shown.sample.labels_true is None else [maps.annotated(shown.sample, shown.theme, title)]


def selection(shown: Shown, spots: np.ndarray | None) -> None:
    """Count the labels of the selected spots, and offer their barcodes as a file."""
    columns = {} if spots is None else _columns(shown, spots)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_NONE_SELECTED if spots is None else _composition(len(spots), columns), width="stretch")
        st.download_button(
            "Barcodes",
            _as_csv(columns),
            file_name=f"{shown.sample.name}_selected.csv",
            mime="text/csv",
            key=session.widget_key("selected barcodes"),
            icon=":material/download:",
            help="Barcodes, positions and labels of the selected spots, as CSV.",
            disabled=spots is None,
            on_click="ignore",
        )


def _columns(shown: Shown, spots: np.ndarray) -> dict[str, list[str]]:
    sample, names = shown.sample, spot_names(shown.sample)
    columns = {"barcode": [names[spot] for spot in spots]}
    axes, indices = spot_positions(sample)
    columns |= {axis: [str(at) for at in indices[spots, i]] for i, axis in enumerate(axes)}
    drawn = [_predicted(shown, "predicted")] if isinstance(shown, ShownResult) else []
    for item in [*drawn, *_annotated(shown, "annotated")]:
        columns[item.title.split()[0]] = [item.names[label] for label in np.asarray(item.labels)[spots]]
    return columns


def _composition(n_selected: int, columns: dict[str, list[str]]) -> str:
    parts = [f"**{n_selected:,} spot{'s' * (n_selected != 1)} selected**"]
    for title in ("predicted", "annotated"):
        counts = Counter(columns.get(title, ())).most_common()
        labels = ", ".join(f"{count:,} in {as_markdown(name)}" for name, count in counts)
        parts += [f"{title.capitalize()}: {labels}"] if counts else []
    return ". ".join(parts) + "."


def _as_csv(columns: dict[str, list[str]]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
