"""Downloads of an annotation."""

from collections.abc import Sequence

import streamlit as st

from core.annotation import Annotation
from core.io.annotation_store import AnnotationStore
from core.io.geojson import as_geojson
from core.io.h5ad.writing import write_h5ad
from core.io.lab import SampleSummary
from core.io.label_files import annotation_csv, annotation_loupe_csv
from core.result import Result
from core.sample import Sample
from ui.annotate.beside import Predicted
from ui.data import annotations, compute
from ui.shell import maps, session
from ui.shell.downloads import bytes_of, download


def popover(summary: SampleSummary, annotation: Annotation, found: Predicted) -> None:
    """Offer the annotation as files."""
    sample, result, there = compute.file_sample(summary), found.result, annotations.store(summary)
    bare = sample.barcodes is None
    with st.popover(
        "Export", key=session.widget_key("annotation", "export"), icon=":material/download:", type="tertiary"
    ):
        download(
            "Regions as CSV",
            lambda: annotation_csv(annotation, sample).encode(),
            f"{sample.name}_regions.csv",
            "text/csv",
            "Columns spot (barcode, or row number from 0) and region (NA for none), in the order of the file.",
        )
        download(
            "Regions for Loupe",
            lambda: annotation_loupe_csv(annotation, sample).encode(),
            f"{sample.name}_regions_loupe.csv",
            "text/csv",
            "This sample has no barcodes, which Loupe Browser needs to find spots."
            if bare
            else "Columns Barcode and the name of the annotation, as Loupe Browser imports categories.",
            disabled=bare,
        )
        download(
            "Regions as GeoJSON",
            lambda: as_geojson(annotation, sample)[0].encode(),
            f"{sample.name}_regions.geojson",
            "application/geo+json",
            "Outlines of the regions for QuPath, Xenium Explorer or napari: in pixels of the full-resolution image where the sample has them, "
            "else in µm, or in the unit of the sample's file where nobody said how long that is.",
        )
        download(
            "Sample as h5ad",
            lambda: b"" if result is None else _h5ad(sample, result, found, _all(there, annotation)),
            f"{sample.name}_regions.h5ad",
            "application/x-hdf5",
            "The sample with the regions as a column of obs, under the name of the annotation, beside its other annotations and the predicted domains."
            if result
            else f"{found.missing} The file has both.",
            disabled=result is None,
        )


def _h5ad(sample: Sample, result: Result, found: Predicted, drawn: Sequence[Annotation]) -> bytes:
    """Write the sample with its regions and with domains as they are called and coloured on the map beside the drawn one."""
    assert found.matching is not None  # noqa: S101 - there is a result
    names, shades = found.matching.names, maps.domain_colours(found.sample, found.matching)
    return bytes_of(lambda path: write_h5ad(sample, result, path, names=names, colours=shades, annotations=drawn))


def _all(there: AnnotationStore, annotation: Annotation) -> list[Annotation]:
    """Put the annotation that is shown first, so that none of the same name takes its column."""
    return [annotation, *(other for other in there.annotations() if other.id != annotation.id)]
