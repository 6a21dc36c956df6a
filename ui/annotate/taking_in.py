"""An annotation from a file: what it holds, and where it lies on the sample, is shown before it is taken.

A separate process reads the file, once for each way of reading it; the server itself never does.
"""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.annotation import Annotation, new_id
from core.io import geojson
from core.io.drafts import Draft
from core.io.lab import SampleSummary
from core.params import params_key
from core.sample import Sample
from core.text import sentence_case
from core.work import bringing
from core.work.board.board import About, Job
from core.work.bringing import FoundRegions, RegionsFile
from core.work.tasks import SampleFile
from ui.annotate import beginning
from ui.data import compute, jobs, session_end, user
from ui.shell import guards, maps, session
from ui.shell.drawing import pictures
from ui.shell.guards import as_markdown
from ui.shell.job_progress import watch

_KINDS = ["csv", "tsv", "txt", "geojson", "json", "h5ad", "gz"]
_FOUND, _UPLOAD = "found", "file with regions"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    """A file that this session has sent, in a private folder; its kind once a worker has looked."""

    id: str
    draft: Draft
    file: RegionsFile
    kind: str = ""


def offer(summary: SampleSummary, name: str) -> None:
    """Ask for a file, show what of it was found on the sample, and offer to take it."""
    sent = st.file_uploader(
        "File with regions",
        type=_KINDS,
        key=session.widget_key("annotation", "upload"),
        help="Shapes as GeoJSON (QuPath, Xenium Explorer, napari); a table of barcodes and labels, such as Loupe Browser exports; or an "
        "h5ad with a column of labels.",
    )
    with guards.shown_as_message():
        upload = _taken(sent)
        if upload is None:
            return
        _show(summary, upload, _asked(upload), name)


def _taken(sent: UploadedFile | None) -> _Upload | None:
    """Copy an upload into a private folder, once; the one before it is deleted."""
    known: _Upload | None = st.session_state.get(_UPLOAD)
    if known is not None and sent is not None and known.id == sent.file_id:
        return known
    if known is not None:
        _drop(known)
    if sent is None:
        return None
    draft = Draft()
    session_end.at_end(draft.remove)
    file = RegionsFile(path=draft.take(sent, sent.name), called=sent.name)
    st.session_state[_UPLOAD] = _Upload(id=sent.file_id, draft=draft, file=file)
    return _taken(sent)


def _drop(upload: _Upload) -> None:
    for job in jobs.jobs():
        if job.key.startswith(_key(upload)) and not job.finished:
            jobs.cancel(job.id)
    upload.draft.remove()
    del st.session_state[_UPLOAD]


def _asked(upload: _Upload) -> RegionsFile:
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


def _key(upload: _Upload, *parts: str) -> str:
    return "-".join(("regions", upload.draft.folder.name, *parts))


def _job(summary: SampleSummary, upload: _Upload, file: RegionsFile, *, anew: bool = False) -> Job:
    """Have the file read, or find the job that did or does."""
    sample = compute.file_sample(summary)
    of = dataclasses.replace(SampleFile.of(sample, summary.path), annotation_hash="", annotation=None, annotated=True)
    way = params_key(*(str(part) for part in (file.unit, file.flip, file.column)), sample.content_hash)
    key, board = _key(upload, way), jobs.board()
    known = board.find(key)
    if known is not None and not anew:
        return known
    about = About(what="Regions", sample=file.called)
    started = board.submit(key, bringing.regions, file, of, owner=jobs.owner(), again=True, about=about, at_home=True)
    return board.job(started) or Job(id=started, key=key)


def _show(summary: SampleSummary, upload: _Upload, file: RegionsFile, name: str) -> None:
    job = _job(summary, upload, file)
    if not job.finished:
        watch(job.id, "regions")
        return
    found: FoundRegions | None = job.result
    if found is None:
        st.error(as_markdown(job.error or "Reading the file was cancelled."))
        if st.button("Try again", key=session.widget_key("annotation", "again"), help="Read the file once more."):
            _job(summary, upload, file, anew=True)
            st.rerun()
        return
    if upload.kind != found.kind:
        st.session_state[_UPLOAD] = dataclasses.replace(upload, kind=found.kind)
        st.rerun()
    if found.annotation is None:
        st.error(as_markdown(found.problem))
        return
    st.caption(as_markdown(found.said))
    for note in found.notes:
        st.caption(f":material/info: {as_markdown(note)}")
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
