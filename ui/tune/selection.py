"""The spots selected by the lasso on Tune: what they are, and their download."""

import csv
import io
from collections import Counter

import numpy as np
import streamlit as st

from core.figures.comparison import spot_names
from core.io.export import spot_positions
from core.text import counted
from ui.shell import session
from ui.shell.guards import as_markdown
from ui.tune import maps, naming
from ui.tune.shown import Shown, ShownResult

_NONE_SELECTED = "No spots are selected: press Lasso and draw around some on either map."


def selection(shown: Shown, spots: np.ndarray | None) -> None:
    """Count the labels of the selected spots, and offer their barcodes as a file."""
    columns = {} if spots is None else _columns(shown, spots)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_NONE_SELECTED if spots is None else _composition(len(spots), columns), width="stretch")
        naming.popover(shown)
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
    drawn = [maps.predicted(shown, "predicted")] if isinstance(shown, ShownResult) else []
    for item in [*drawn, *maps.annotated(shown, "annotated")]:
        columns[item.title.split()[0]] = [item.names[label] for label in np.asarray(item.labels)[spots]]
    return columns


def _composition(n_selected: int, columns: dict[str, list[str]]) -> str:
    sentences = [f"**{counted(n_selected, 'spot')} selected**"]
    for title in ("predicted", "annotated"):
        counts = Counter(columns.get(title, ())).most_common()
        labels = ", ".join(f"{count:,} in {as_markdown(name)}" for name, count in counts)
        sentences += [f"{title.capitalize()}: {labels}"] if counts else []
    return ". ".join(sentences) + "."


def _as_csv(columns: dict[str, list[str]]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
