"""The spots selected by the lasso on Tissue: their layers, their mean, and their download."""

from collections.abc import Iterator, Sequence

import numpy as np
import streamlit as st

from core.evaluation.quality import composition
from core.figures.layers import spots_per_layer
from core.io.export import spots_csv
from core.sample import Sample
from core.text import counted
from ui.shell import asking, maps, pictures, sample_view, session
from ui.shell.guards import as_markdown
from ui.shell.sample_view import KINDS, Shown

_CHART_CONFIG = {"displayModeBar": False}


def selection(shown: Shown, spots: np.ndarray | None) -> None:
    """Count the layers of the selected spots, or of all spots, and offer their barcodes as a file."""
    sample = shown.sample
    chosen = range(sample.n_spots) if spots is None else spots.tolist()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Spots per layer" if spots is None else f"{counted(len(chosen), 'spot')} selected", anchor=False)
        st.space("stretch")
        _download(sample, chosen, all_of_them=spots is None)
    _bars(shown, spots)
    _mean(shown, spots)


def ask(shown: Shown, spots: np.ndarray | None) -> None:
    """Compare the selected spots, or a layer, with the rest or with another."""
    partitions = [] if shown.sample.labels_true is None else [maps.annotated(shown.sample, shown.theme)]
    st.subheader(
        "Ask a region", anchor=False, help="Which genes tell these spots from the rest, or from another group?"
    )
    asking.part(asking.asked(shown.sample, shown.theme, partitions, spots))


def _download(sample: Sample, spots: Sequence[int], *, all_of_them: bool) -> None:
    st.download_button(
        "Barcodes",
        lambda: spots_csv(sample, list(spots)),
        file_name=f"{sample.name}_{'spots' if all_of_them else 'selected'}.csv",
        mime="text/csv",
        key=session.widget_key("barcodes"),
        icon=":material/download:",
        type="tertiary",
        help="Barcodes, positions and layers of "
        + ("all spots" if all_of_them else "the selected spots")
        + ", as CSV.",
        on_click="ignore",
    )


def _bars(shown: Shown, spots: np.ndarray | None) -> None:
    sample = shown.sample
    if sample.labels_true is None:
        st.caption("The file has no annotation, so there are no layers to count.")
        return
    counts = composition(sample.labels_true, spots)
    figure = spots_per_layer(counts, list(sample.classes), theme=shown.theme, own=sample.class_colours)
    st.plotly_chart(figure, theme=None, config=_CHART_CONFIG, alt="Spots of each layer")


def _mean(shown: Shown, spots: np.ndarray | None) -> None:
    if spots is None:
        st.caption("Press Lasso on the map and draw around some spots to see their layers.")
        return
    for name, found in _measured(shown):
        st.caption(
            f"Mean {name}: **{_plain(found[spots].mean())}** in the selection, {_plain(found.mean())} in all spots."
        )


def _measured(shown: Shown) -> Iterator[tuple[str, np.ndarray]]:
    """Give the values that the map shows by what they are; of an annotation those of the chosen gene."""
    if shown.kind == "set" and shown.limits is not None:
        yield "score of the set", sample_view.values(shown)
        return
    if shown.sample.gene_names is None:
        yield KINDS["counts"].lower(), pictures.values(shown.sample, "counts", None)
        return
    what = "counts" if shown.raw else "log-normalised expression"
    for gene in shown.found.names if shown.kind == "several" else [shown.gene]:
        yield f"{what} of {as_markdown(str(gene))}", pictures.values(shown.sample, "gene", gene, raw=shown.raw)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
