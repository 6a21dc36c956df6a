"""Buttons of the header of the workbench: back, forward, keep, pin, compare, export.

Files are made on the click, in another thread: a move of a knob makes none.
"""

import functools
import tempfile
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
from ui.shell import guards, maps, session
from ui.shell.charts import refused_kinds
from ui.tune import keeping, naming

Names = dict[int, str] | None

_FIGURES = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html"}
_WORDS = {
    "png": "A picture of 2400 x 1360 pixels. Needs Chrome or Chromium on the server.",
    "svg": "Lines and areas for a figure of a paper. Needs Chrome or Chromium on the server.",
    "html": "A page with maps that pan and zoom, in one file that opens without internet.",
}

_SAMPLES = {
    "h5ad": ("Sample as h5ad", "Counts, labels, positions, image, embeddings and parameters, for scanpy and squidpy."),
    "h5": ("Sample as the lab's h5", "The sample in the lab's format, with a further entry: labels."),
}
_LOUPE_WORDS = "Columns Barcode and domain, as Loupe Browser imports a category."
LOUPE_CATEGORY = "domain"
"""What Loupe Browser calls the labels."""


def buttons(sample: Sample, result: Result | None) -> None:
    """Offer the way back and forward, the pin and the export, inside a row."""
    _step_button("Back to the settings before", "back", ":material/arrow_back:", -1)
    _step_button("Forward to the settings after", "forward", ":material/arrow_forward:", 1)
    keeping.button(sample, result)
    _pin_button(sample, result)
    _compare_toggle(sample)
    _export(sample, result)


def _step_button(words: str, name: str, icon: str, by: int) -> None:
    st.button(
        icon,
        key=session.widget_key("step", name),
        type="tertiary",
        help=words,
        disabled=not session.can_step(by),
        on_click=session.step,
        args=(by,),
    )


def _pin_button(sample: Sample, result: Result | None) -> None:
    kept = session.pinned(sample.content_hash)
    is_kept = kept is not None and result is not None and kept.params == result.params
    pin, unpin = "Hold this result: the cards then show how others differ from it.", "Let go of the pinned result."
    st.button(
        "Unpin" if is_kept else "Pin",
        key=session.widget_key("pin"),
        type="tertiary",
        icon=":material/keep_off:" if is_kept else ":material/keep:",
        help=unpin if is_kept else pin,
        disabled=result is None,
        on_click=session.unpin if is_kept else session.pin,
        args=(sample.content_hash,) if is_kept else (sample.content_hash, result),
    )


def _compare_toggle(sample: Sample) -> None:
    key = session.widget_key("compare")
    nothing_pinned = session.pinned(sample.content_hash) is None
    session.show(key, session.comparing() and not nothing_pinned)
    st.toggle(
        "Compare",
        key=key,
        help="Draw the pinned result beside the predicted one. Pin a result first.",
        disabled=nothing_pinned,
        on_change=lambda: session.compare(session.shown(key)),
    )


def _export(sample: Sample, result: Result | None) -> None:
    words = "Take maps, labels and the whole sample away."
    with st.popover("Export", icon=":material/download:", type="tertiary", disabled=result is None, help=words):
        if result is not None:
            _files(sample, result)


@st.fragment
def _files(sample: Sample, result: Result) -> None:
    with st.container(gap=None):
        _maps(sample, result)
    matching = maps.matched(sample, result)
    names, usable = naming.cluster_names(matching), False
    with guards.shown_as_message():
        renamed(np.array(list(matching.layers)), names)
        usable = True
    with st.container(gap=None):
        _labels(sample, result, names, disabled=not usable)
        _whole_sample(sample, result, names, maps.cluster_colours(sample, matching), disabled=not usable)


def _maps(sample: Sample, result: Result) -> None:
    refused = refused_kinds()
    for kind, mime in _FIGURES.items():
        name, make = f"Maps as {kind.upper()}", _figure(sample, result, kind)
        download(name, make, f"{sample.name}_maps.{kind}", mime, _WORDS[kind], disabled=kind in refused)


def _figure(sample: Sample, result: Result, kind: str) -> Callable[[], bytes]:
    theme = session.theme()  # made in another thread, on the click, where the page's surroundings are unknown
    return lambda: as_bytes(predicted_and_annotated(sample, result, theme=theme), kind)


def _labels(sample: Sample, result: Result, names: Names, *, disabled: bool) -> None:
    download(
        "Labels as CSV",
        lambda: labels_csv(sample, result, names).encode(),
        f"{sample.name}_labels.csv",
        "text/csv",
        "Columns spot (barcode, or row number from 0) and cluster, in the order of the file.",
        disabled=disabled,
    )
    bare = sample.barcodes is None
    download(
        "Labels for Loupe",
        lambda: loupe_csv(sample, renamed(result.labels, names), LOUPE_CATEGORY).encode(),
        f"{sample.name}_loupe.csv",
        "text/csv",
        "This sample has no barcodes, by which Loupe Browser finds spots." if bare else _LOUPE_WORDS,
        disabled=disabled or bare,
    )


def _whole_sample(sample: Sample, result: Result, names: Names, shades: dict[int, str], *, disabled: bool) -> None:
    makers = {"h5ad": _h5ad(sample, result, names, shades), "h5": _lab_h5(sample, result, names)}
    for kind, (label, words) in _SAMPLES.items():
        make = functools.partial(bytes_of, makers[kind])
        download(label, make, f"{sample.name}_domains.{kind}", "application/x-hdf5", words, disabled=disabled)


def _h5ad(sample: Sample, result: Result, names: Names, shades: dict[int, str]) -> Callable[[Path], None]:
    embeddings = compute.embeddings(sample, result)
    return lambda path: write_h5ad(sample, result, path, names=names, embeddings=embeddings(), colours=shades)


def _lab_h5(sample: Sample, result: Result, names: Names) -> Callable[[Path], None]:
    return lambda path: write_lab_h5(sample, result, path, names)


def bytes_of(write: Callable[[Path], None]) -> bytes:
    """Read what writes itself to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


def download(
    label: str, make: Callable[[], bytes], file_name: str, mime: str, words: str, *, disabled: bool = False
) -> None:
    """Offer a file that is made on the click."""
    st.download_button(
        label,
        make,
        file_name=file_name,
        mime=mime,
        key=session.widget_key("export", label),
        help=words,
        type="tertiary",
        disabled=disabled,
        on_click="ignore",
    )
