"""Files of what is drawn on the maps: copied into a private folder of the session, and read by a worker, never by the server itself."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.io.drafts import Draft
from core.io.lab import SampleSummary
from core.params import params_key
from core.text import sentence_case
from core.work.board.board import About, Job
from core.work.board.progress import Progress
from core.work.bringing import FoundRegions, RegionsFile
from core.work.tasks import SampleFile
from ui.data import compute, jobs, own_drafts
from ui.shell import session
from ui.shell.guards import as_markdown
from ui.shell.job_progress import watch


@dataclass(frozen=True, slots=True)
class Purpose:
    """What files hold, such as `regions`, and the task that reads them; a session has one file for each."""

    what: str
    read: Callable[[Progress, RegionsFile, SampleFile], FoundRegions]

    @property
    def slot(self) -> str:
        """Where the session keeps its file."""
        return f"file with {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that this session has sent, in a private folder; its kind once a worker has looked."""

    id: str
    draft: Draft
    file: RegionsFile
    kind: str = ""


def taken(sent: UploadedFile | None, purpose: Purpose) -> Upload | None:
    """Copy an upload into a private folder, once; the one before it is deleted."""
    known: Upload | None = st.session_state.get(purpose.slot)
    if known is not None and sent is not None and known.id == sent.file_id:
        return known
    if known is not None:
        _drop(known)
        del st.session_state[purpose.slot]
    if sent is None:
        return None
    draft = own_drafts.new()
    file = RegionsFile(path=draft.take(sent, sent.name), called=sent.name)
    made = Upload(id=sent.file_id, draft=draft, file=file)
    st.session_state[purpose.slot] = made
    return made


def _drop(upload: Upload) -> None:
    for job in jobs.jobs():
        if job.key.startswith(_key(upload)) and not job.finished:
            jobs.cancel(job.id)
    upload.draft.remove()


def found(summary: SampleSummary, upload: Upload, file: RegionsFile, purpose: Purpose) -> FoundRegions | None:
    """Find what a file says, in the way that is asked for; where a worker is not done, or nothing can be taken, say so."""
    job = _job(summary, upload, file, purpose)
    if not job.finished:
        watch(job.id, purpose.what)
        return None
    read: FoundRegions | None = job.result
    if read is None:
        st.error(as_markdown(job.error or "Reading the file was cancelled."))
        if st.button("Try again", key=session.widget_key(purpose.what, "again"), help="Read the file once more."):
            _job(summary, upload, file, purpose, anew=True)
            st.rerun()
        return None
    if upload.kind != read.kind:
        st.session_state[purpose.slot] = dataclasses.replace(upload, kind=read.kind)
        st.rerun()
    if read.annotation is None:
        st.error(as_markdown(read.problem))
        return None
    st.caption(as_markdown(read.said))
    for note in read.notes:
        st.caption(f":material/info: {as_markdown(note)}")
    return read


def _key(upload: Upload, *parts: str) -> str:
    return "-".join(("drawn", upload.draft.folder.name, *parts))


def _job(summary: SampleSummary, upload: Upload, file: RegionsFile, purpose: Purpose, *, anew: bool = False) -> Job:
    """Have the file read, or find the job that did or does."""
    sample = compute.file_sample(summary)
    of = dataclasses.replace(SampleFile.of(sample, summary.path), annotation_hash="", annotation=None, annotated=True)
    way = params_key(*(str(part) for part in (file.unit, file.flip, file.column)), sample.content_hash)
    key, board = _key(upload, way), jobs.board()
    known = board.find(key)
    if known is not None and not anew:
        return known
    about = About(what=sentence_case(purpose.what), sample=file.called)
    started = board.submit(key, purpose.read, file, of, owner=jobs.owner(), again=True, about=about, at_home=True)
    return board.job(started) or Job(id=started, key=key)
