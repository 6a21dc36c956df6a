"""Downloads of the chosen runs: one file for each run, or one for all of them.

A click makes the file, in another thread. For several runs, one zip holds a file for each.
"""

import dataclasses
import functools
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from core.errors import FigureError, RecordError
from core.evaluation.matching import Matching
from core.evaluation.thickness import called, thickness_csv
from core.figures.colours import Theme
from core.figures.export import as_bytes
from core.figures.origin import of_run, of_several
from core.figures.runs import maps_of_runs
from core.io.export import labels_csv, loupe_csv, renamed
from core.io.h5ad.writing import write_h5ad
from core.report.html import file_stem, html_report
from core.report.reported import ReportedRun
from core.report.script import reproduction_script
from core.result import Result
from core.sample import Sample
from core.work.runs.one_file import SUFFIX
from ui.data import annotations, compute, kept_runs
from ui.data.kept_runs import KeptRun
from ui.data.record import record
from ui.shell import domain_names, maps, run_links
from ui.shell.charts import refused_kinds
from ui.shell.downloads import LOUPE_CATEGORY, bytes_of, download

MOST_IN_REPORT = 6
_MOST_AT_ONCE = 50
"""More runs at once would take minutes and gigabytes."""


def popover(chosen: Sequence[KeptRun], theme: Theme) -> None:
    """Offer files of the chosen runs."""
    help_text = "Download labels, maps, a report or scripts of the chosen runs."
    with st.popover("Export", icon=":material/download:", type="tertiary", disabled=not chosen, help=help_text):
        if len(chosen) > _MOST_AT_ONCE:
            st.info(f"{len(chosen)} runs are chosen: choose up to {_MOST_AT_ONCE} to download them.")
        elif chosen:
            _offers(chosen, theme)


def _offers(chosen: Sequence[KeptRun], theme: Theme) -> None:
    with st.container(gap=None):
        _report(chosen)
        _pictures(chosen, theme)
    with st.container(gap=None):
        for offer in _OFFERS:
            _offer(chosen, offer)
    if len(chosen) == 1:
        st.caption("This link opens the run for everyone who can reach this server:")
        st.code(run_links.link_to(chosen[0].run), language=None, wrap_lines=True)


def _report(chosen: Sequence[KeptRun]) -> None:
    reported = [found for kept in chosen if (found := _reported(kept)) is not None]
    samples = {kept.run.content_hash: kept.sample for kept in chosen if kept.sample is not None}
    download(
        "Report",
        lambda: html_report(reported, samples),
        f"{_stem(chosen)}_report.html",
        "text/html",
        "A page with maps, scores, settings and scripts of up to six runs, in one file that opens without internet.",
        disabled=not reported or len(chosen) > MOST_IN_REPORT,
    )


def _reported(kept: KeptRun) -> ReportedRun | None:
    reported = kept_runs.reported(kept)
    if reported is None or kept.sample is None:
        return reported
    return dataclasses.replace(reported, domains=_domains(kept.sample, reported.result, kept).domains)


def _pictures(chosen: Sequence[KeptRun], theme: Theme) -> None:
    refused, drawable = refused_kinds(), _one_tissue(chosen)
    for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
        help_text = "The maps of up to six runs on one sample, side by side. Needs Chrome or Chromium on the server."
        make = functools.partial(_maps, chosen, kind, theme)
        disabled = kind in refused or not drawable
        download(f"Maps as {kind.upper()}", make, f"{_stem(chosen)}_maps.{kind}", mime, help_text, disabled=disabled)


def _one_tissue(chosen: Sequence[KeptRun]) -> bool:
    whole = all(kept.sample is not None and kept.result is not None for kept in chosen)
    return whole and len({kept.run.content_hash for kept in chosen}) == 1 and len(chosen) <= MOST_IN_REPORT


def _maps(chosen: Sequence[KeptRun], kind: str, theme: Theme) -> bytes:
    names = "; ".join(f"{at} {kept.name}" for at, kept in enumerate(chosen, start=1))
    one = chosen[0].run
    origin = (
        of_run(one.sample_name, one.params, made=one.created, guided=one.guided)
        if len(chosen) == 1
        else of_several(one.sample_name, names)
    )
    return as_bytes(_figure(chosen, theme), kind, origin)


def _figure(chosen: Sequence[KeptRun], theme: Theme) -> go.Figure:
    sample, results = chosen[0].sample, [kept.result for kept in chosen if kept.result is not None]
    if sample is None:
        raise FigureError("The sample of these runs is not here: import it on Add data.")
    found = [_domains(sample, result, kept) for kept, result in zip(chosen, results, strict=True)]
    return maps_of_runs(sample, [kept.name for kept in chosen], results, found, theme=theme)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A kind of file for a run; `possible` says whether it can be made, and `ending` ends its name."""

    label: str
    help_text: str
    ending: str
    mime: str
    make: Callable[[KeptRun], bytes]
    possible: Callable[[KeptRun], bool]


def _offer(chosen: Sequence[KeptRun], offer: _Offer) -> None:
    one = len(chosen) == 1
    make = functools.partial(offer.make, chosen[0]) if one else functools.partial(_zipped, chosen, offer)
    download(
        offer.label,
        make,
        _file_name(chosen[0], offer.ending) if one else f"{_stem(chosen)}{offer.ending}.zip",
        offer.mime if one else "application/zip",
        offer.help_text + " A zip with one file for each run." * (not one),
        disabled=not all(map(offer.possible, chosen)),
    )


def _zipped(chosen: Sequence[KeptRun], offer: _Offer) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, kept in enumerate(chosen, start=1):
            archive.writestr(f"{number}_{_file_name(kept, offer.ending)}", offer.make(kept))
    return content.getvalue()


def _file_name(kept: KeptRun, ending: str) -> str:
    return file_stem(f"{kept.run.sample_name}_{kept.name}") + ending


def _stem(chosen: Sequence[KeptRun]) -> str:
    if len(chosen) == 1:
        return _file_name(chosen[0], "")
    names = dict.fromkeys(kept.run.sample_name for kept in chosen)
    return file_stem(f"{'_'.join(names)}_{len(chosen)}_runs")


def _labels(kept: KeptRun) -> bytes:
    sample, result, found = _at_hand(kept)
    return labels_csv(sample, result, found.names).encode()


def _loupe(kept: KeptRun) -> bytes:
    sample, result, found = _at_hand(kept)
    return loupe_csv(sample, renamed(result.labels, found.names), LOUPE_CATEGORY).encode()


def _thickness(kept: KeptRun) -> bytes:
    sample, result, found = _at_hand(kept)
    return thickness_csv(called(compute.thicknesses(sample, result, found.merged), found.names)).encode()


def _h5ad(kept: KeptRun) -> bytes:
    sample, result, found = _at_hand(kept)
    embeddings = compute.embeddings(sample, result)() if compute.ready(sample, result.params) else None
    shades, names = maps.domain_colours(sample, found), found.names
    drawn = annotations.reader(kept.file)()
    return bytes_of(
        lambda path: write_h5ad(
            sample, result, path, names=names, embeddings=embeddings, colours=shades, annotations=drawn
        )
    )


def _script(kept: KeptRun) -> bytes:
    reported = kept_runs.reported(kept)
    return b"" if reported is None else reproduction_script(reported).encode()


def _one_file(kept: KeptRun) -> bytes:
    given = (
        _domains(kept.sample, kept.result, kept).given if kept.sample is not None and kept.result is not None else None
    )
    return bytes_of(functools.partial(_export, kept.run.id, given))


def _export(run_id: str, given: Mapping[int, str] | None, path: Path) -> None:
    record().export(run_id, path, names=given)


def _at_hand(kept: KeptRun) -> tuple[Sample, Result, Matching]:
    if kept.sample is None or kept.result is None:
        raise RecordError(f"{kept.name} has no sample or no labels here.")
    return kept.sample, kept.result, _domains(kept.sample, kept.result, kept)


def _domains(sample: Sample, result: Result, kept: KeptRun) -> Matching:
    return kept.domains or domain_names.domains(sample, result.labels, kept.run)


def _has_labels(kept: KeptRun) -> bool:
    return kept.result is not None


def _has_sample(kept: KeptRun) -> bool:
    return kept.result is not None and kept.sample is not None


def _has_barcodes(kept: KeptRun) -> bool:
    return _has_sample(kept) and kept.sample is not None and kept.sample.barcodes is not None


_OFFERS = (
    _Offer("Labels as CSV", "Columns spot (barcode, or row number from 0), cluster and domain (its name).", "_labels.csv", "text/csv", _labels, _has_sample),
    _Offer("Thickness as CSV", "Thickness of each domain and layer across the layers: median and quartiles.", "_thickness.csv", "text/csv", _thickness, _has_sample),
    _Offer("Labels for Loupe", "Columns Barcode and domain, as Loupe Browser imports a category; needs a sample with barcodes.", "_loupe.csv", "text/csv", _loupe, _has_barcodes),
    _Offer("Sample as h5ad", "Counts, labels, annotations, positions, embeddings and parameters, for scanpy and squidpy.", "_domains.h5ad", "application/x-hdf5", _h5ad, _has_sample),
    _Offer("Script that repeats it", "A Python script that computes the run again from the sample's file and checks every label.", ".py", "text/x-python", _script, _has_labels),
    _Offer("Run as one file", "For Import on another server: labels, scores, settings and the small map.", SUFFIX, "application/zip", _one_file, _has_labels),
)  # fmt: skip
