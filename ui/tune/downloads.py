"""Export of maps, labels and the whole sample as files.

A click makes a file in another thread, so that moving a knob makes none.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from core.figures.comparison import predicted_and_annotated
from core.figures.export import as_bytes
from core.io.export import labels_csv, loupe_csv, renamed, write_lab_h5
from core.io.h5ad.writing import write_h5ad
from core.result import Result
from core.sample import Sample
from ui.data import compute
from ui.shell import guards, maps
from ui.shell.charts import refused_kinds
from ui.shell.downloads import LOUPE_CATEGORY, bytes_of, download
from ui.tune import naming, thickness
from ui.tune.shown import Shown, ShownResult

Names = dict[int, str] | None

_FIGURES = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html"}
_HELP = {
    "png": "A picture of 2400 x 1360 pixels. Needs Chrome or Chromium on the server.",
    "svg": "Vector graphics for a figure in a paper. Needs Chrome or Chromium on the server.",
    "html": "A page with maps that you can pan and zoom, in one file that opens without internet.",
}

_SAMPLES = {
    "h5ad": ("Sample as h5ad", "Counts, labels, positions, image, embeddings and parameters, for scanpy and squidpy."),
    "h5": ("Sample as the lab's h5", "The sample in the lab's format, with one more entry: labels."),
}
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
    names, usable = naming.cluster_names(shown.matching), False
    with guards.shown_as_message():
        renamed(np.array(list(shown.matching.layers)), names)
        usable = True
    with st.container(gap=None):
        _labels(shown.sample, shown.result, names, disabled=not usable)
        _whole_sample(shown, names, disabled=not usable)


def _maps(shown: ShownResult) -> None:
    refused = refused_kinds()
    for kind, mime in _FIGURES.items():
        name, make = f"Maps as {kind.upper()}", functools.partial(_figure, shown, kind)
        download(name, make, f"{shown.sample.name}_maps.{kind}", mime, _HELP[kind], disabled=kind in refused)


def _figure(shown: ShownResult, kind: str) -> bytes:
    return as_bytes(predicted_and_annotated(shown.sample, shown.result, theme=shown.theme), kind, shown.origin)


def _labels(sample: Sample, result: Result, names: Names, *, disabled: bool) -> None:
    download(
        "Labels as CSV",
        lambda: labels_csv(sample, result, names).encode(),
        f"{sample.name}_labels.csv",
        "text/csv",
        "Columns spot (barcode, or row number from 0) and cluster, in the order of the file.",
        disabled=disabled,
    )
    download(
        "Thickness as CSV",
        lambda: thickness.as_csv(sample, result, names).encode(),
        f"{sample.name}_thickness.csv",
        "text/csv",
        "Thickness of each domain and layer across the layers: median and quartiles.",
        disabled=disabled,
    )
    bare = sample.barcodes is None
    download(
        "Labels for Loupe",
        lambda: loupe_csv(sample, renamed(result.labels, names), LOUPE_CATEGORY).encode(),
        f"{sample.name}_loupe.csv",
        "text/csv",
        "This sample has no barcodes, which Loupe Browser needs to find spots." if bare else _LOUPE_HELP,
        disabled=disabled or bare,
    )


def _whole_sample(shown: ShownResult, names: Names, *, disabled: bool) -> None:
    sample, result = shown.sample, shown.result
    makers = {"h5ad": _h5ad(shown, names), "h5": _lab_h5(sample, result, names)}
    for kind, (label, help_text) in _SAMPLES.items():
        make = functools.partial(bytes_of, makers[kind])
        download(label, make, f"{sample.name}_domains.{kind}", "application/x-hdf5", help_text, disabled=disabled)


def _h5ad(shown: ShownResult, names: Names) -> Callable[[Path], None]:
    sample, result = shown.sample, shown.result
    embeddings, shades = compute.embeddings(sample, result), maps.cluster_colours(sample, shown.matching)
    return lambda path: write_h5ad(sample, result, path, names=names, embeddings=embeddings(), colours=shades)


def _lab_h5(sample: Sample, result: Result, names: Names) -> Callable[[Path], None]:
    return lambda path: write_lab_h5(sample, result, path, names)
