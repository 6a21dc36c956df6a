"""How far a background job is: its share, the time left, and the way to end it.

The script never waits for a job. A fragment looks at the board twice a second while one runs, and only then.
"""

import streamlit as st

from core.work.board.board import Job, JobStatus
from ui.data import jobs
from ui.shell import session
from ui.shell.guards import as_markdown

SECONDS_BETWEEN_LOOKS = 0.5

_ORDINALS = ("", "second ", "third ", "fourth ", "fifth ", "sixth ", "seventh ", "eighth ", "ninth ", "tenth ")


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(job_id: str, name: str) -> None:
    """Show an unfinished job, and draw the page anew once it has ended."""
    job = jobs.job(job_id)
    if job is None or job.finished:
        st.rerun()  # the page draws itself with the result, once, and without this fragment
    else:
        st.progress(job.share, job.message or _waiting_words(job))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_time_left(job))
            st.space("stretch")
            _way_out(job, name)


def _way_out(job: Job, name: str) -> None:
    if not jobs.is_mine(job):
        st.caption(f"For {as_markdown(', '.join(job.owners))}")
        return
    cancel_button(job, name)


def cancel_button(job: Job, *index: str) -> None:
    """Offer the end of a job to someone who waits for it; `place` says where the button stands, for its key."""
    shared = len(job.owners) > 1
    st.button(
        "Leave" if shared else "Cancel",
        key=session.widget_key(" ".join(("cancel", *index))),
        type="tertiary",
        help="Others wait for it as well: it goes on for them." if shared else "End it. Nothing of it is kept.",
        on_click=jobs.cancel,
        args=(job.id,),
    )


def _waiting_words(job: Job) -> str:
    if job.status is JobStatus.QUEUED:
        return place_in_line(job, jobs.waiting())
    return "Reads and pools the sample"


def place_in_line(job: Job, waiting: list[Job]) -> str:
    """Say how long the line is before a job that has not begun; `waiting` has the next one first."""
    if job.message:  # such as that no worker is there
        return job.message
    ids = [other.id for other in waiting]
    if job.id not in ids:
        return "Handed to a worker"
    index = ids.index(job.id)
    if index == 0:
        return "Next in line"
    before = waiting[index - 1]
    ordinal = _ORDINALS[index] if index < len(_ORDINALS) else f"{index + 1}th "
    return f"{ordinal.capitalize()}in line, behind {before.about} ({before.owners[0] or 'somebody'})"


def _time_left(job: Job) -> str:
    seconds = job.seconds_left
    if seconds is None:
        return "Time left: not known yet"
    return f"About {seconds:.0f} s left" if seconds < 100 else f"About {seconds / 60:.0f} min left"
