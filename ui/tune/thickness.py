"""Thickness of each domain and layer, below the depth profile of Tune."""

import functools
from collections.abc import Sequence

import streamlit as st

from core.evaluation.matching import Matching
from core.evaluation.thickness import Thickness, Thicknesses, called, in_words, thickness_csv
from core.figures import charts
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from ui.data import compute
from ui.shell.downloads import download
from ui.shell.guards import as_markdown
from ui.tune.shown import ShownResult

HELP = (
    "Length of the ways across the layers (they follow the gradient of depth through the tissue) in each domain: the median, and "
    "the quartiles in brackets. Only ways that pass both borders inside the tissue count; the last column says how many. A "
    "domain at the edge of the tissue may go on beyond it, so that its thickness is unknown."
)
Row = tuple[str, Thickness]


def tables(shown: ShownResult) -> None:
    """Show the thickness of the domains beside that of the annotated layers, with their file."""
    found = _measured(shown.sample, shown.result, shown.matching)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"**Thickness** across the layers{_unit_words(found)}: median (quartiles)", help=HELP)
        _download(shown.sample, shown.result, shown.matching)
    columns = st.columns(2 if found.annotated else 1, gap="medium")
    with columns[0]:
        _table("Predicted", _predicted(shown, found), found.unit)
    if found.annotated:
        with columns[1]:
            _table("Annotated", _annotated(shown, found), found.unit)


def _unit_words(found: Thicknesses) -> str:
    return "" if found.unit == "µm" else ", in units of the file, as nobody said how long one is"


def _download(sample: Sample, result: Result, found: Matching) -> None:
    download(
        "This table as CSV",
        functools.partial(as_csv, sample, result, found),
        f"{sample.name}_thickness.csv",
        "text/csv",
        "Thickness of domains and layers, with the reason where one is unknown.",
        icon=":material/download:",
    )


def as_csv(sample: Sample, result: Result, found: Matching) -> str:
    """Write the thickness of domains and layers as a file."""
    return thickness_csv(_measured(sample, result, found))


def _measured(sample: Sample, result: Result, found: Matching) -> Thicknesses:
    """Measure domains as files hold them: clusters of one name are one domain."""
    return called(compute.thicknesses(sample, result, found.merged), found.names)


def _predicted(shown: ShownResult, found: Thicknesses) -> list[Row]:
    by_name = {item.label: item for item in found.predicted}
    names = dict.fromkeys(shown.matching.names[cluster] for cluster in charts.ordered_clusters(shown.matching))
    return [(name, by_name[name]) for name in names]


def _annotated(shown: ShownResult, found: Thicknesses) -> list[Row]:
    by_label = {item.label: item for item in found.annotated}
    layers = charts.layers_of(shown.sample.labels_true, unannotated=False)
    return [(display_name(layer), by_label[layer]) for layer in layers]


def _table(title: str, rows: Sequence[Row], unit: str) -> None:
    st.table(
        {
            title: [as_markdown(name) for name, _ in rows],
            "Thickness": [in_words(item, unit) for _, item in rows],
            "Ways": [f"{item.n_whole} of {item.n_ways}" for _, item in rows],
        }
    )
