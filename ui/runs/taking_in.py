"""A run that somebody sent as one file: copied into a private folder of the session, and read by a worker, never by the server itself."""

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.folders import models_folder
from core.io.drafts import Draft
from core.work import bringing
from core.work.board.board import About, Job
from core.work.bringing import RunFile
from ui.data import jobs, own_drafts, user
from ui.data.record import record
from ui.runs import state
from ui.shell import guards, session
from ui.shell.guards import as_markdown
from ui.shell.job_progress import watch

_SLOT = "file with a run"


@dataclass(frozen=True, slots=True)
class _Upload:
    id: str
    draft: Draft
    file: RunFile

    @property
    def key(self) -> str:
        return f"run-{self.draft.folder.name}"


def a_file() -> None:
    """Ask for a file with a run, have it read, and say what came of it."""
    sent = st.file_uploader(
        "A run as one file",
        type=["zip"],
        key=session.widget_key("runs", "import"),
        help="The file that Export writes: labels, scores, settings and a small map, without the sample itself.",
    )
    with guards.shown_as_message():
        known = None if sent is None else state.run_of_upload(sent.file_id)
        if known is not None:
            _say_taken_in(known)
        elif (upload := _taken(sent)) is not None:
            _tell(upload)


def _taken(sent: UploadedFile | None) -> _Upload | None:
    """Copy an upload into a private folder, once; the one before it is deleted."""
    known: _Upload | None = st.session_state.get(_SLOT)
    if known is not None and sent is not None and known.id == sent.file_id:
        return known
    if known is not None:
        _drop(known)
    if sent is None:
        return None
    draft = own_drafts.new()
    file = RunFile(path=draft.take(sent, sent.name), called=sent.name, who=user.who(), restores=user.may_restore())
    made = st.session_state[_SLOT] = _Upload(sent.file_id, draft, file)
    return made


def _drop(upload: _Upload) -> None:
    job = jobs.board().find(upload.key)
    if job is not None and not job.finished:
        jobs.cancel(job.id)
    upload.draft.remove()
    del st.session_state[_SLOT]


def _tell(upload: _Upload) -> None:
    job = _job(upload)
    if not job.finished:
        watch(job.id, "run file")
        return
    if job.result is None:
        st.error(as_markdown(job.error or "Reading the file was cancelled."))
        if st.button("Try again", key=session.widget_key("run file", "again"), help="Read the file once more."):
            _job(upload, anew=True)
            st.rerun()
        return
    _drop(upload)
    state.remember_upload(upload.id, job.result)
    state.choose_runs([*state.chosen_runs(), job.result])
    st.rerun()  # because the list above was drawn without this run


def _job(upload: _Upload, *, anew: bool = False) -> Job:
    """Have the file read, or find the job that did or does."""
    board = jobs.board()
    known = board.find(upload.key)
    if known is not None and not anew:
        return known
    about = About(what="Import of a run", sample=upload.file.called)
    task = bringing.run_file, upload.file, models_folder()
    started = board.submit(upload.key, *task, owner=jobs.owner(), again=True, about=about, at_home=True)
    return board.job(started) or Job(id=started, key=upload.key)


def _say_taken_in(run_id: str) -> None:
    run = record().run(run_id)
    st.success(f"{as_markdown(run.title)} on {as_markdown(run.sample_name)} was imported and is chosen in the list.")
