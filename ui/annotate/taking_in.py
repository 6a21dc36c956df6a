"""An annotation from a file: what it holds, and where it lies on the sample, is shown before it is taken."""

import dataclasses
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.annotation import Annotation
from core.figures import colours
from core.io import geojson, label_files
from core.io.drafts import Draft
from core.io.lab import SampleSummary
from core.layer_names import display_name
from core.sample import UNANNOTATED, Sample
from core.text import sentence_case, shown
from ui.annotate import beginning
from ui.data import compute, user
from ui.shell import guards, maps, session
from ui.shell.drawing import pictures
from ui.shell.guards import as_markdown

_KINDS = ["csv", "tsv", "txt", "geojson", "json", "h5ad", "gz"]
_FOUND, _MOST_NAME = "found", 60


def offer(summary: SampleSummary, name: str) -> None:
    """Ask for a file, show what of it was found on the sample, and offer to take it."""
    sample = compute.file_sample(summary)
    sent = st.file_uploader(
        "File with regions",
        type=_KINDS,
        key=session.widget_key("annotation", "upload"),
        help="Shapes as GeoJSON (QuPath, Xenium Explorer, napari); a table of barcodes and labels, such as Loupe Browser exports; or an "
        "h5ad with a column of labels.",
    )
    if sent is None:
        return
    with guards.shown_as_message():
        found, question = _read(sample, sent, name)
        _preview(sample, found)
        st.button(
            "Take it",
            key=session.widget_key("annotation", "take"),
            icon=":material/check:",
            disabled=bool(question),
            help=question or None,
            on_click=lambda: beginning.begin(summary, found),
        )


def _read(sample: Sample, sent: UploadedFile, name: str) -> tuple[Annotation, str]:
    """Read a file of either kind, and say what has to be answered before it is taken."""
    draft = Draft()
    try:
        path = draft.take(sent, sent.name)
        read = _of_shapes if geojson.is_geojson(path, sent.name) else _of_labels
        found = read(sample, path, shown(sent.name, _MOST_NAME), name)
    finally:
        draft.remove()
    return found


def _of_shapes(sample: Sample, path: Path, called: str, name: str) -> tuple[Annotation, str]:
    drawing = geojson.read(path, called)
    unit = _choice("Unit", "unit", {_FOUND: "What fits best", **geojson.UNITS})
    flip = _choice("Axes", "flip", {_FOUND: "What fits best", **geojson.FLIPS, "none": "As in the file"})
    placed = geojson.place(drawing, sample, unit=unit, flip=flip)
    st.caption(as_markdown(placed.said))
    for note in placed.notes:
        st.caption(f":material/info: {as_markdown(note)}")
    shades = colours.layer_colours([region.name for region in placed.regions], "light")
    question = "Choose the unit first: more than one fits the tissue." if placed.others else ""
    return placed.annotation(name, user.who(), shades), question


def _choice(label: str, of: str, names: dict[str, str]) -> str | None:
    chosen = st.selectbox(
        label,
        list(names),
        format_func=lambda key: sentence_case(names.get(key, "")),
        key=session.widget_key("shapes", of),
    )
    return None if chosen == _FOUND else str(chosen)


def _of_labels(sample: Sample, path: Path, called: str, name: str) -> tuple[Annotation, str]:
    column = st.text_input(
        "Column with the labels",
        placeholder="The likeliest one",
        key=session.widget_key("labels", "column"),
        help="Its title, where the file has several columns of labels.",
    )
    found = label_files.labels_of(path, sample, str(column or "").strip() or None)
    st.caption(as_markdown(found.said.replace(found.file_name, called)))
    plain = {label: display_name(label) if label != UNANNOTATED else label for label in set(found.labels.tolist())}
    called_so = dataclasses.replace(
        found,
        file_name=called,
        labels=np.array([plain[label] for label in found.labels.tolist()]),
        colours={plain.get(label, label): colour for label, colour in found.colours.items()},
    )
    return called_so.annotation(name, user.who(), colours.layer_colours(set(plain.values()), "light")), ""


def _preview(sample: Sample, found: Annotation) -> None:
    preview = pictures.as_map(found, "Preview", f"the preview on {sample.name}")
    maps.draw(session.widget_key("annotation", "preview"), sample, [preview], session.theme())
    sizes = ", ".join(
        f"{as_markdown(region.name)} {size:,}" for region, size in zip(found.regions, found.sizes, strict=True)
    )
    st.caption(f"Regions and their spots: {sizes}. {int((found.assigned < 0).sum()):,} spots in none.")
