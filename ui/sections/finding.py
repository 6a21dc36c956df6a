"""Cluster the chosen sections: start it, say how far it is in a place of its own, and show what was found before meanwhile."""

from collections.abc import Sequence

import streamlit as st

from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.board.board import Job, JobStatus
from ui.data import jobs
from ui.sections import state
from ui.shell import session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown
from ui.shell.job_progress import watch_in_a_line

Results = dict[str, Result]

_LINE_PX = 24
_OF_BEFORE = "sections-of-before"
"""Key of a mark in the page: where it is, page.css dims the maps and scores."""


def job(samples: Sequence[Sample], params: MethodParams) -> Job | None:
    """Look up the clustering of these sections; start it where knobs act at once."""
    found = jobs.joint(samples, params)
    if found is None and state.together().live == state.together().files:
        jobs.cluster_together(samples, params)
        found = jobs.joint(samples, params)
    return found


def start_button(samples: Sequence[Sample], params: MethodParams, job: Job | None) -> None:
    """Offer to start the clustering, inside a row of buttons; the button has one width and says how it stands."""
    running, done = is_running(job), is_done(job)
    st.button(
        on_primary("Clustered" if done else "Clustering" if running else "Cluster together", disabled=done or running),
        key=session.widget_key("cluster together"),
        type="primary",
        disabled=done or running,
        help="Cluster all spots of these sections as one, in the background. Knobs then act at once.",
        on_click=_start,
        args=(samples, params),
    )


def _start(samples: Sequence[Sample], params: MethodParams) -> None:
    jobs.cluster_together(samples, params)
    state.change_together(live=state.together().files)


def is_running(job: Job | None) -> bool:
    """Whether a clustering has begun, or waits in line, and has not ended."""
    return job is not None and not job.finished


def is_done(job: Job | None) -> bool:
    """Whether a clustering has its result."""
    return job is not None and job.status is JobStatus.DONE


def found(samples: Sequence[Sample], job: Job | None) -> tuple[Results | None, bool]:
    """Give the results to show, and whether they are those of the settings before; None before there are any."""
    if job is not None and job.status is JobStatus.DONE:
        state.remember_found(samples, job.result)
        return job.result, False
    before = state.last_found(samples)
    return before, before is not None


def progress(job: Job | None, *, of_before: bool) -> None:
    """Say in a line above the maps how far the clustering is; the line is there without one, too: nothing jumps."""
    with st.container(
        key="sections-finding", horizontal=True, height=_LINE_PX, border=False, vertical_alignment="center"
    ):
        if of_before:
            st.container(key=_OF_BEFORE, width="content").empty()
        if job is not None and not job.finished:
            watch_in_a_line(job.id, "clustering")
        elif job is not None and job.status is JobStatus.CANCELLED:
            st.caption(f"Cancelled{'; the maps are of the settings before' if of_before else ''}.")
        elif job is not None and job.status is JobStatus.FAILED:
            _say_why(as_markdown(job.error))


def _say_why(reason: str) -> None:
    """Say why a clustering failed, as much as the line has room for, and all of it over the page: nothing moves."""
    st.error(reason)
    with st.popover("Why", type="tertiary", help="All of why the clustering failed."):
        st.markdown(reason)


def awaited(job: Job | None) -> str:
    """Say in the place of domains that are not found what they wait for."""
    if job is not None and job.status is JobStatus.FAILED:
        return "Finding domains failed, for the reason above.\nPress Cluster together to try again."
    return "Finding domains" if is_running(job) else "Press Cluster together\nto find domains"
