"""Downloads of guided domains and of their strokes."""

import streamlit as st

from core.io.export import labels_csv, loupe_csv, renamed
from core.io.h5ad.writing import write_h5ad
from core.io.label_files import annotation_csv
from core.result import Result
from ui.data import annotations, guided
from ui.guide.found import Found
from ui.shell import maps, session
from ui.shell.downloads import LOUPE_CATEGORY, bytes_of, download


def popover(shown: Found) -> None:
    """Offer the files, inside a row of buttons; disabled while there is nothing to write."""
    waits = shown.result is None
    with st.popover(
        "Export",
        key=session.widget_key("guide", "export"),
        icon=":material/download:",
        type="tertiary",
        disabled=waits,
        help="Download labels, strokes and the whole sample.",
    ):
        if not waits:
            _files(shown)


def _files(shown: Found) -> None:
    assert shown.result is not None  # noqa: S101 - the popover has looked
    assert shown.matching is not None  # noqa: S101
    sample, found, bare = shown.sample, shown.matching, shown.sample.barcodes is None
    result, names = shown.result, found.names
    download(
        "Labels as CSV",
        lambda: labels_csv(sample, result, names).encode(),
        f"{sample.name}_guided.csv",
        "text/csv",
        "Columns spot (barcode, or row number from 0), cluster and domain (its name), in the order of the file.",
    )
    download(
        "Labels for Loupe",
        lambda: loupe_csv(sample, renamed(result.labels, names), LOUPE_CATEGORY).encode(),
        f"{sample.name}_guided_loupe.csv",
        "text/csv",
        "This sample has no barcodes, which Loupe Browser needs to find spots."
        if bare
        else "Columns Barcode and domain, as Loupe Browser imports a category.",
        disabled=bare,
    )
    download(
        "Strokes as CSV",
        lambda: annotation_csv(shown.painted.annotation, sample).encode(),
        f"{sample.name}_strokes.csv",
        "text/csv",
        "Columns spot and region (NA where nobody painted): what `python -m core cluster --strokes` takes.",
    )
    if result.guidance is not None and result.guidance.reference is not None:
        download(
            "Reference",
            result.guidance.reference.to_json,
            "reference.json",
            "application/json",
            "What the annotated sections taught: what `python -m core cluster --reference` and this page take.",
        )
    drawn = annotations.reader_beside(sample)
    download(
        "Sample as h5ad",
        lambda: bytes_of(
            lambda path: write_h5ad(
                sample,
                full(shown),
                path,
                names=names,
                colours=maps.domain_colours(sample, found),
                annotations=drawn(),
            )
        ),
        f"{sample.name}_guided.h5ad",
        "application/x-hdf5",
        "Counts, guided domains with how sure each spot is, the strokes that guided them (painted), annotations, positions and parameters, for scanpy and squidpy.",
    )


def full(shown: Found) -> Result:
    """Make the result with all its scores: that of a kept run, or of what is painted now."""
    if shown.painted.result is not None:
        return shown.painted.result
    assert shown.guidance is not None  # noqa: S101 - there is a result
    return guided.result(shown.sample, shown.params, shown.guidance)
