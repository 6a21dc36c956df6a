"""The progress of a background job, the time left, and the button that cancels it.

The script never waits for a job. While a job runs, a fragment asks the board twice a second.
"""

from collections.abc import Callable

import streamlit as st

from core import units
from core.people import called
from core.work.board.board import Job, JobStatus
from ui.data import jobs
from ui.shell import redraw, session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown, kept_for_the_page

SECONDS_BETWEEN_LOOKS = 0.5
_LINE_BAR_PX = 120

_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(job_id: str, name: str) -> None:
    """Show an unfinished job, and redraw the page once it has ended."""
    job = jobs.job(job_id)
    if job is None or job.finished:
        st.rerun()  # the page is drawn once more, with the result and without this fragment
    else:
        st.progress(job.share, as_markdown(job.message or _default_message(job)))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_time_left(job))
            st.space("stretch")
            _cancel_or_owners(job, name)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch_in_a_line(job_id: str, name: str) -> None:
    """Show an unfinished job as :func:`watch` does, as low as a line of text, for a place that is there without a job, too."""
    job = jobs.job(job_id)
    if job is None or job.finished:
        st.rerun()
    else:
        with st.container(key=f"line {name}", horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.progress(job.share, width=_LINE_BAR_PX)
            st.caption(f"{as_markdown(job.message or _default_message(job))}. {_time_left(job)}", width="stretch")
            _cancel_or_owners(job, name)


def offer(label: str, name: str, start: Callable[[], object], ended: Job | None, cancelled: str, caption: str) -> None:
    """Offer to start a job, and say how the last one ended: `cancelled` is the sentence for one that was cancelled."""
    if ended is not None and ended.status is JobStatus.FAILED:
        st.error(as_markdown(ended.error))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            on_primary(label),
            key=session.widget_key(name),
            type="primary",
            on_click=redraw.whole_page(_start),
            args=(start,),
        )
        was_cancelled = ended is not None and ended.status is JobStatus.CANCELLED
        st.caption(f"{cancelled} {caption}" if was_cancelled else caption)


def _start(start: Callable[[], object]) -> None:
    with kept_for_the_page():
        start()


def _cancel_or_owners(job: Job, name: str) -> None:
    if not jobs.may_cancel(job):
        st.caption(f"For {as_markdown(', '.join(map(called, job.owners)))}")
        return
    cancel_button(job, name)


def cancel_button(job: Job, *key_parts: str) -> None:
    """Offer to cancel or leave a job; `key_parts` tell buttons for the same job apart."""
    shared = len(job.owners) > 1
    st.button(
        "Leave" if shared else "Cancel",
        key=session.widget_key(" ".join(("cancel", *key_parts))),
        type="tertiary",
        help="Stop waiting for this job. It continues, because others wait for it too."
        if shared
        else "Cancel this job. Nothing of it is kept.",
        on_click=jobs.cancel,
        args=(job.id,),
    )


def _default_message(job: Job) -> str:
    if job.status is JobStatus.QUEUED:
        return position_in_line(job, jobs.waiting())
    return "Reading and pooling the sample"


def position_in_line(job: Job, waiting: list[Job]) -> str:
    """Say where in line a waiting job is; `waiting` has the next one first."""
    if job.message:  # such as that there is no worker
        return job.message
    ids = [other.id for other in waiting]
    if job.id not in ids:
        return "Sent to a worker"
    index = ids.index(job.id)
    if index == 0:
        return "Next in line"
    before = waiting[index - 1]
    return f"{_ordinal(index + 1)} in line, behind {before.about} ({called(before.owners[0]) or 'somebody'})"


def _ordinal(number: int) -> str:
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = "th" if number % 100 in (11, 12, 13) else _ENDINGS.get(number % 10, "th")
    return f"{number:,}{ending}"


def _time_left(job: Job) -> str:
    seconds = job.seconds_left
    if seconds is None:
        return "Time left: not known yet"
    return f"About {units.duration(seconds)} left"
