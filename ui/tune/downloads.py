"""Export of maps, labels and the whole sample as files.

A click makes a file in another thread, so that moving a knob makes none.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core.figures.comparison import predicted_and_annotated
from core.figures.export import as_bytes
from core.io.export import labels_csv, loupe_csv, renamed, write_lab_h5, xenium_csv
from core.io.h5ad.writing import write_h5ad
from core.io.importing import safe_name
from core.io.spatialdata.writing import write_zipped
from ui.data import annotations, compute
from ui.shell import maps
from ui.shell.charts import refused_kinds
from ui.shell.downloads import LOUPE_CATEGORY, bytes_of, download
from ui.tune import thickness
from ui.tune.shown import Shown, ShownResult

_FIGURES = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html"}
_HELP = {
    "png": "A picture of 2400 x 1360 pixels. Needs Chrome or Chromium on the server.",
    "svg": "Vector graphics for a figure in a paper. Needs Chrome or Chromium on the server.",
    "html": "A page with maps that you can pan and zoom, in one file that opens without internet.",
}

_SAMPLES = {
    "h5ad": (
        "Sample as h5ad",
        "Counts, labels, annotations, positions, image, embeddings and parameters, for scanpy and squidpy.",
    ),
    "h5": ("Sample as the lab's h5", "The sample in the lab's format, with one more entry: labels."),
}
_STORE_HELP = "A zip of a SpatialData store: table, cells as circles, domains as outlines. Unzip it, and read it with `spatialdata.read_zarr`."
_XENIUM_HELP = "Columns cell_id and group, as Xenium Explorer imports cell groups."
_LOUPE_HELP = "Columns Barcode and domain, as Loupe Browser imports a category."


def popover(shown: Shown) -> None:
    """Offer the files of the result, inside a row of buttons; disabled while there is none."""
    waits, help_text = not isinstance(shown, ShownResult), "Download maps, labels and the whole sample."
    with st.popover("Export", icon=":material/download:", type="tertiary", disabled=waits, help=help_text):
        if isinstance(shown, ShownResult):
            _files(shown)


@st.fragment
def _files(shown: ShownResult) -> None:
    with st.container(gap=None):
        _maps(shown)
    with st.container(gap=None):
        _labels(shown)
        _for_xenium(shown)
        _whole_sample(shown)
    st.caption("Domains have the names that Names, below the maps, shows.")


def _maps(shown: ShownResult) -> None:
    refused = refused_kinds()
    for kind, mime in _FIGURES.items():
        name, make = f"Maps as {kind.upper()}", functools.partial(_figure, shown, kind)
        download(name, make, f"{shown.sample.name}_maps.{kind}", mime, _HELP[kind], disabled=kind in refused)


def _figure(shown: ShownResult, kind: str) -> bytes:
    figure = predicted_and_annotated(shown.sample, shown.result, shown.matching, theme=shown.theme)
    return as_bytes(figure, kind, shown.origin)


def _labels(shown: ShownResult) -> None:
    sample, result, found = shown.sample, shown.result, shown.matching
    download(
        "Labels as CSV",
        lambda: labels_csv(sample, result, found.names).encode(),
        f"{sample.name}_labels.csv",
        "text/csv",
        "Columns spot (barcode, or row number from 0), cluster and domain (its name), in the order of the file.",
    )
    download(
        "Thickness as CSV",
        lambda: thickness.as_csv(sample, result, found).encode(),
        f"{sample.name}_thickness.csv",
        "text/csv",
        "Thickness of each domain and layer across the layers: median and quartiles.",
    )
    bare = sample.barcodes is None
    download(
        "Labels for Loupe",
        lambda: loupe_csv(sample, renamed(result.labels, found.names), LOUPE_CATEGORY).encode(),
        f"{sample.name}_loupe.csv",
        "text/csv",
        "This sample has no barcodes, which Loupe Browser needs to find spots." if bare else _LOUPE_HELP,
        disabled=bare,
    )


def _for_xenium(shown: ShownResult) -> None:
    sample, result, found = shown.sample, shown.result, shown.matching
    bare = sample.barcodes is None
    download(
        "Labels for Xenium Explorer",
        lambda: xenium_csv(sample, renamed(result.labels, found.names)).encode(),
        f"{sample.name}_xenium.csv",
        "text/csv",
        "This sample has no names of cells, which Xenium Explorer needs to find them." if bare else _XENIUM_HELP,
        disabled=bare,
    )


def _whole_sample(shown: ShownResult) -> None:
    sample = shown.sample
    makers = {"h5ad": _h5ad(shown), "h5": _lab_h5(shown)}
    for kind, (label, help_text) in _SAMPLES.items():
        make = functools.partial(bytes_of, makers[kind])
        download(label, make, f"{sample.name}_domains.{kind}", "application/x-hdf5", help_text)
    store = functools.partial(bytes_of, _spatialdata(shown))
    download("Sample as SpatialData", store, f"{sample.name}_domains.zarr.zip", "application/zip", _STORE_HELP)


def _h5ad(shown: ShownResult) -> Callable[[Path], None]:
    more = _beside_labels(shown)
    return lambda path: write_h5ad(shown.sample, shown.result, path, **more())


def _spatialdata(shown: ShownResult) -> Callable[[Path], None]:
    more, name = _beside_labels(shown), f"{safe_name(shown.sample.name)}_domains.zarr"
    return lambda path: write_zipped(shown.sample, shown.result, path, name, **more())


def _beside_labels(shown: ShownResult) -> Callable[[], dict[str, Any]]:
    names, shades = shown.matching.names, maps.domain_colours(shown.sample, shown.matching)
    embeddings = compute.embeddings(shown.sample, shown.result)
    drawn = annotations.reader_beside(shown.sample)
    return lambda: {"names": names, "embeddings": embeddings(), "colours": shades, "annotations": drawn()}


def _lab_h5(shown: ShownResult) -> Callable[[Path], None]:
    found = shown.matching
    # The lab's programs read numbers, so labels become text only where somebody gave names.
    return lambda path: write_lab_h5(shown.sample, shown.result, path, found.names if found.given else None)
