"""Buttons of the header of the workbench: back, forward, pin, compare, export."""

from collections.abc import Callable

import streamlit as st

from core.figures.comparison import predicted_and_annotated
from core.figures.export import as_bytes
from core.io.export import labels_csv
from core.result import Result
from core.sample import Sample
from ui import state
from ui.charts import refused_kinds

_FIGURES = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html"}
_WORDS = {
    "png": "A picture of 2400 x 1360 pixels. Needs Chrome or Chromium on the server.",
    "svg": "Lines and areas for a figure of a paper. Needs Chrome or Chromium on the server.",
    "html": "A page with maps that pan and zoom, in one file that opens without internet.",
}


def buttons(sample: Sample, result: Result | None) -> None:
    """Offer the way back and forward, the pin and the export, inside a row.

    Parameters
    ----------
    sample : Sample
    result : Result or None
        Without one there is nothing to pin or to export.
    """
    _step_button("Back to the settings before", "back", ":material/arrow_back:", -1)
    _step_button("Forward to the settings after", "forward", ":material/arrow_forward:", 1)
    _pin_button(sample, result)
    _compare_toggle(sample)
    _export(sample, result)


def _step_button(words: str, name: str, icon: str, by: int) -> None:
    st.button(
        icon,
        key=state.widget_key("step", name),
        type="tertiary",
        help=words,
        disabled=not state.can_step(by),
        on_click=state.step,
        args=(by,),
    )


def _pin_button(sample: Sample, result: Result | None) -> None:
    kept = state.pinned(sample.content_hash)
    is_kept = kept is not None and result is not None and kept.params == result.params
    pin, unpin = "Keep this result: the cards then show how others differ from it.", "Let go of the pinned result."
    st.button(
        "Unpin" if is_kept else "Pin",
        key=state.widget_key("pin"),
        type="tertiary",
        icon=":material/keep_off:" if is_kept else ":material/keep:",
        help=unpin if is_kept else pin,
        disabled=result is None,
        on_click=state.unpin if is_kept else state.pin,
        args=(sample.content_hash,) if is_kept else (sample.content_hash, result),
    )


def _compare_toggle(sample: Sample) -> None:
    key = state.widget_key("compare")
    nothing_pinned = state.pinned(sample.content_hash) is None
    state.show(key, state.comparing() and not nothing_pinned)
    st.toggle(
        "Compare",
        key=key,
        help="Draw the pinned result beside the predicted one. Pin a result first.",
        disabled=nothing_pinned,
        on_change=lambda: state.compare(state.shown(key)),
    )


def _export(sample: Sample, result: Result | None) -> None:
    words = "Take maps and labels away."
    with st.popover("Export", icon=":material/download:", type="tertiary", disabled=result is None, help=words):
        if result is None:
            return
        refused = refused_kinds()
        for kind, mime in _FIGURES.items():
            name, make = f"Maps as {kind.upper()}", _figure(sample, result, kind)
            _download(name, make, sample, kind, mime, _WORDS[kind], disabled=kind in refused)
        words = "Columns spot (barcode, or row number from 0) and cluster, in the order of the file."
        _download("Labels as CSV", lambda: labels_csv(sample, result).encode(), sample, "csv", "text/csv", words)


def _figure(sample: Sample, result: Result, kind: str) -> Callable[[], bytes]:
    theme = state.theme()  # made in another thread, on the click, where the page's surroundings are unknown
    return lambda: as_bytes(predicted_and_annotated(sample, result, theme=theme), kind)


def _download(
    label: str, make: Callable[[], bytes], sample: Sample, kind: str, mime: str, words: str, *, disabled: bool = False
) -> None:
    st.download_button(
        label,
        make,
        file_name=f"{sample.name}_{'labels' if kind == 'csv' else 'maps'}.{kind}",
        mime=mime,
        key=state.widget_key("export", kind),
        help=words,
        type="tertiary",
        disabled=disabled,
        on_click="ignore",
    )
