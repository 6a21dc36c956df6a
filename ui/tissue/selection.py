"""The spots selected by the lasso on Tissue: their layers, their mean, and their download."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.evaluation.quality import composition
from core.figures.layers import spots_per_layer
from core.io.export import spots_csv
from core.sample import Sample
from core.text import counted
from ui.shell import pictures, session
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
    figure = spots_per_layer(composition(sample.labels_true, spots), list(sample.classes), theme=shown.theme)
    st.plotly_chart(figure, theme=None, config=_CHART_CONFIG, alt="Spots of each layer")


def _mean(shown: Shown, spots: np.ndarray | None) -> None:
    if spots is None:
        st.caption("Press Lasso on the map and draw around some spots to see their layers.")
        return
    kind = "gene" if shown.sample.gene_names is not None else "counts"
    found = pictures.values(shown.sample, kind, shown.gene, raw=shown.raw)
    what = "counts" if shown.raw else "log-normalised expression"
    name = f"{what} of {as_markdown(str(shown.gene))}" if kind == "gene" else KINDS[kind].lower()
    st.caption(f"Mean {name}: **{_plain(found[spots].mean())}** in the selection, {_plain(found.mean())} in all spots.")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
