"""Strokes that were made elsewhere: a table of spots and their domains, as the command line takes it and Export writes it."""

import streamlit as st

from core.annotation import Annotation
from core.io.lab import SampleSummary
from core.text import counted
from core.work import bringing
from ui.guide import strokes
from ui.shell import guards, session
from ui.shell.drawing import uploads
from ui.shell.drawing.uploads import Purpose
from ui.shell.guards import as_markdown

_STROKES = Purpose("strokes", bringing.strokes)
_KINDS = ["csv", "tsv", "txt", "gz"]
_LISTED = 12


def beginning(summary: SampleSummary) -> None:
    """Offer to begin with the strokes of a file, and with the domains that it names."""
    found = _ask(summary)
    st.button(
        "Begin",
        key=session.widget_key("guide", "begin with file"),
        icon=":material/brush:",
        disabled=found is None,
        on_click=strokes.begin_with,
        args=(summary, found),
    )


def popover(summary: SampleSummary, annotation: Annotation) -> None:
    """Offer to paint what a file says, beside what is painted already."""
    with st.popover(
        "Strokes from a file",
        key=session.widget_key("guide", "strokes from file"),
        icon=":material/upload_file:",
        type="tertiary",
        help="Paint the spots that a table names; what you painted elsewhere stays.",
    ):
        found = _ask(summary)
        st.button(
            "Paint them",
            key=session.widget_key("guide", "paint file"),
            icon=":material/brush:",
            disabled=found is None,
            help="One step, which can be undone.",
            on_click=strokes.add_painted,
            args=(summary, annotation, found),
        )


def _ask(summary: SampleSummary) -> Annotation | None:
    """Ask for a file, and say what it paints; None while there is nothing to take."""
    sent = st.file_uploader(
        "File with strokes",
        type=_KINDS,
        key=session.widget_key("guide", "stroke file"),
        help="A table with a column of barcodes and one of domains, such as `barcode,label`: what Strokes as CSV under Export writes, and "
        "`python -m core cluster --strokes` takes.",
    )
    with guards.shown_as_message():
        upload = uploads.taken(sent, _STROKES)
        if upload is None:
            return None
        read = uploads.found(summary, upload, upload.file, _STROKES)
        if read is not None and read.annotation is not None:
            st.caption(_sizes(read.annotation))
            return read.annotation
    return None


def _sizes(found: Annotation) -> str:
    sizes = zip(found.names, found.sizes, strict=True)
    said = [f"{as_markdown(name)} {size:,}" for name, size in sizes]
    more = [counted(len(said) - _LISTED, "more domain")] if len(said) > _LISTED else []
    return f"Painted spots: {', '.join([*said[:_LISTED], *more])}."
