"""The spots selected by the lasso on Tune: what they are, and their download."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.csv_text import csv_text
from core.figures import charts
from core.io.export import spot_positions
from core.text import counted, sentence_case
from ui.shell import naming, session
from ui.shell.domain_names import Named
from ui.shell.guards import as_markdown
from ui.tune import maps, redraw, suggesting
from ui.tune.shown import Shown, ShownResult

_NONE_SELECTED = "No spots are selected: press Lasso and draw around some on either map."


def selection(shown: Shown, spots: np.ndarray | None, named: Named | None) -> None:
    """Count the labels of the selected spots, and offer their barcodes as a file, and the names of the domains."""
    columns = {} if spots is None else _columns(shown, spots)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_NONE_SELECTED if spots is None else _in_words(len(spots), columns), width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            _names(shown, named)
            _download(shown, columns, "selected")


def of_chart(shown: Shown, spots: np.ndarray | None, name: str, labels: Sequence[str], when_none: str) -> None:
    """Count the spots selected in a chart by its own labels, which the file of their barcodes has as a further column."""
    columns = {} if spots is None else {**_columns(shown, spots), name: [labels[spot] for spot in spots]}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(when_none if spots is None else _in_words(len(spots), columns, (name,)), width="stretch")
        _download(shown, columns, name)


def _download(shown: Shown, columns: dict[str, list[str]], name: str) -> None:
    st.download_button(
        "Barcodes",
        _as_csv(columns),
        file_name=f"{shown.sample.name}_{name}.csv",
        mime="text/csv",
        key=session.widget_key(f"{name} barcodes"),
        icon=":material/download:",
        help="Barcodes, positions and labels of the selected spots, as CSV.",
        disabled=not columns,
        on_click="ignore",
    )


def _names(shown: Shown, named: Named | None) -> None:
    if named is None:
        naming.popover(None, {})
        return
    shades = charts.colours_of_clusters(named.found, shown.sample.labels_true, shown.theme)

    def then() -> None:
        redraw.alone(redraw.PICTURE, redraw.TELLING)

    def more() -> None:
        if isinstance(shown, ShownResult):
            suggesting.box(shown, named, shades, then)

    naming.popover(named, shades, then, more)


def _columns(shown: Shown, spots: np.ndarray) -> dict[str, list[str]]:
    sample, barcodes = shown.sample, shown.sample.barcodes
    columns = {"barcode": [f"Spot {spot}" if barcodes is None else str(barcodes[spot]) for spot in spots]}
    axes, indices = spot_positions(sample)
    columns |= {axis: [str(at) for at in indices[spots, i]] for i, axis in enumerate(axes)}
    drawn = [maps.predicted(shown, "predicted")] if isinstance(shown, ShownResult) else []
    for item in [*drawn, *maps.annotated(shown, "annotated")]:
        columns[item.title.split()[0]] = [item.names[label] for label in np.asarray(item.labels)[spots]]
    return columns


def _in_words(
    n_selected: int, columns: dict[str, list[str]], titles: Sequence[str] = ("predicted", "annotated")
) -> str:
    sentences = [f"**{counted(n_selected, 'spot')} selected**"]
    for title in titles:
        counts = Counter(columns.get(title, ())).most_common()
        labels = ", ".join(f"{count:,} in {as_markdown(name)}" for name, count in counts)
        sentences += [f"{sentence_case(title)}: {labels}"] if counts else []
    return ". ".join(sentences) + "."


def _as_csv(columns: dict[str, list[str]]) -> str:
    return csv_text(columns, zip(*columns.values(), strict=True))
