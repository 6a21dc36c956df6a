"""Kept runs that this session recognizes when their sample and settings are shown again, and their kept results."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from core.errors import RecordError
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.runs import Run
from ui.data import compute
from ui.data.record import record
from ui.shell import session
from ui.shell.guards import as_markdown
from ui.shell.session import Settings

_KNOWN = "kept runs"
MAX_KNOWN = 50


@dataclass(frozen=True, slots=True)
class _Known:
    """A kept run, with the file and settings that show it."""

    file: str
    settings: Settings
    run: Run


def remember(file: str, at: Settings, run: Run) -> None:
    """Recognize a kept run whenever its sample and its settings are shown."""
    told_apart = file, at, bool(run.guided)
    others = [known for known in _known() if (known.file, known.settings, bool(known.run.guided)) != told_apart]
    st.session_state[_KNOWN] = [*others, _Known(file, at, run)][-MAX_KNOWN:]


def change(run: Run) -> None:
    """Update a kept run whose name, note or star has changed."""
    changed = [dataclasses.replace(known, run=run) if known.run.id == run.id else known for known in _known()]
    st.session_state[_KNOWN] = changed


def of_settings(file: str) -> Run | None:
    """Look up the kept run with the present settings on the sample in that file, among those that are label-free."""
    return next((run for run in _of_settings(file) if not run.guided), None)


def guided_of_settings(file: str) -> Run | None:
    """Look up the kept run with the present settings on the sample in that file, among those that were guided."""
    return next((run for run in _of_settings(file) if run.guided), None)


def guided_of_id(file: str, id: str) -> Run | None:
    """Look up a kept run on the sample in that file that was guided, whatever the present settings are."""
    return next((one.run for one in _known() if (one.file, one.run.id) == (file, id) and one.run.guided), None)


def _of_settings(file: str) -> list[Run]:
    return [known.run for known in _known() if (known.file, known.settings) == (file, session.settings())]


def _known() -> list[_Known]:
    stored: list[_Known] = st.session_state.get(_KNOWN, [])
    return stored


def kept(sample: Sample, params: MethodParams, file: str) -> Run | None:
    """Look up the kept run that is shown; None if a knob was moved since, or the file now holds another sample."""
    run = of_settings(file)
    return run if run is not None and run.params == params and run.content_hash == sample.content_hash else None


def kept_result(sample: Sample, params: MethodParams, file: str) -> Result | None:
    """Read the kept result of the run that is shown; None if the annotation has changed since."""
    run = kept(sample, params, file)
    if run is None or run.annotation_hash != sample.annotation_hash:
        return None
    try:
        return compute.kept(lambda: record().result(run), "kept run", run.id)
    except RecordError as error:
        st.warning(f"{as_markdown(str(error))} The result shown was computed again.")
        return None
