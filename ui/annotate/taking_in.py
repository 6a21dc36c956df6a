"""An annotation from a file: what it holds, and where it lies on the sample, is shown before it is taken."""

import dataclasses
from datetime import UTC, datetime

import streamlit as st

from core.annotation import Annotation, new_id
from core.io import geojson
from core.io.lab import SampleSummary
from core.sample import Sample
from core.text import sentence_case
from core.work import bringing
from core.work.bringing import RegionsFile
from ui.annotate import beginning
from ui.data import compute, user
from ui.shell import guards, maps, session
from ui.shell.drawing import pictures, uploads
from ui.shell.drawing.uploads import Purpose, Upload
from ui.shell.guards import as_markdown

_KINDS = ["csv", "tsv", "txt", "geojson", "json", "h5ad", "gz"]
_FOUND = "found"
_REGIONS = Purpose("regions", bringing.regions)


def offer(summary: SampleSummary, name: str) -> None:
    """Ask for a file, show what of it was found on the sample, and offer to take it."""
    sent = st.file_uploader(
        "File with regions",
        type=_KINDS,
        key=session.widget_key("annotation", "upload"),
        help="Shapes as GeoJSON (QuPath, Xenium Explorer, napari), or a selection saved from Xenium Explorer; a table of barcodes and labels, such as Loupe Browser exports; or an "
        "h5ad with a column of labels.",
    )
    with guards.shown_as_message():
        upload = uploads.taken(sent, _REGIONS)
        if upload is None:
            return
        _show(summary, upload, _asked(upload), name)


def _asked(upload: Upload) -> RegionsFile:
    """Ask how the file is to be read, once its kind is known."""
    if upload.kind == "shapes":
        unit = _choice("Unit", "unit", {_FOUND: "What fits best", **geojson.UNITS})
        flip = _choice("Axes", "flip", {_FOUND: "What fits best", **geojson.FLIPS, "none": "As in the file"})
        return dataclasses.replace(upload.file, unit=unit, flip=flip)
    if upload.kind == "labels":
        column = st.text_input(
            "Column with the labels",
            placeholder="The likeliest one",
            key=session.widget_key("labels", "column"),
            help="Its title, where the file has several columns of labels.",
        )
        return dataclasses.replace(upload.file, column=str(column or "").strip() or None)
    return upload.file


def _choice(label: str, of: str, names: dict[str, str]) -> str | None:
    chosen = st.selectbox(
        label,
        list(names),
        format_func=lambda key: sentence_case(names.get(key, "")),
        key=session.widget_key("shapes", of),
    )
    return None if chosen == _FOUND else str(chosen)


def _show(summary: SampleSummary, upload: Upload, file: RegionsFile, name: str) -> None:
    found = uploads.found(summary, upload, file, _REGIONS)
    if found is None or found.annotation is None:
        return
    mine = dataclasses.replace(found.annotation, name=name, author=user.who())
    _preview(compute.file_sample(summary), mine)
    question = "" if found.is_clear else "Choose the unit first: more than one fits the tissue."
    st.button(
        "Take it",
        key=session.widget_key("annotation", "take"),
        icon=":material/check:",
        disabled=bool(question),
        help=question or None,
        on_click=lambda: _take(summary, mine),
    )


def _take(summary: SampleSummary, annotation: Annotation) -> None:
    """Keep it as a new one, however often the same file is taken."""
    now = datetime.now(UTC)
    beginning.begin(summary, dataclasses.replace(annotation, id=new_id(), created=now, changed=now))


def _preview(sample: Sample, found: Annotation) -> None:
    preview = pictures.as_map(found, "Preview", f"the preview on {sample.name}")
    maps.draw(session.widget_key("annotation", "preview"), sample, [preview], session.theme())
    sizes = ", ".join(
        f"{as_markdown(region.name)} {size:,}" for region, size in zip(found.regions, found.sizes, strict=True)
    )
    st.caption(f"Regions and their spots: {sizes}. {int((found.assigned < 0).sum()):,} spots in none.")
