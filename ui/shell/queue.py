"""The queue at the top of every page's sidebar: running and waiting jobs with their owners, beside the user's name."""

from collections.abc import Iterable

import streamlit as st

from core.people import called
from core.work.board.job import Job, JobStatus
from core.work.board.job_log import Interrupted
from ui.data import jobs, user
from ui.shell import guards, identity, redraw, session
from ui.shell.guards import as_markdown
from ui.shell.job_progress import cancel_button, position_in_line

_SECONDS_BETWEEN_LOOKS, _WHILE_NOTHING_RUNS = 4.0, 20.0  # in every session of the server
_MOST_SHOWN = 12


def head() -> None:
    """Show the queue and the user's name; the queue refreshes itself, more often while there is work."""
    with st.sidebar, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        at_work = any(not job.finished for job in jobs.jobs())
        st.fragment(_popover, run_every=_SECONDS_BETWEEN_LOOKS if at_work else _WHILE_NOTHING_RUNS)()
        identity.control()
        identity.keep_in_browser()


def _popover() -> None:
    unfinished = [job for job in jobs.jobs() if not job.finished]
    interrupted = jobs.interrupted()
    with st.popover(
        _label(len(_groups(unfinished)), len(interrupted)),
        key=session.widget_key("queue"),
        type="tertiary",
        help="Background jobs of everyone on this server: which run, which wait, and whose they are.",
    ):
        _list(unfinished)
        for job in interrupted:
            _offer_again(job)
        st.page_link("pages/health.py", label="Health of this server")


def _label(n_unfinished: int, n_interrupted: int) -> str:
    counts = [str(n_unfinished)] * bool(n_unfinished) + [f"{n_interrupted} interrupted"] * bool(n_interrupted)
    return f"Queue: {', '.join(counts)}" if counts else "Queue"


def _groups(jobs: Iterable[Job]) -> list[list[Job]]:
    """Group the jobs of a sweep; every other job is a group of its own."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.about.sweep or job.id, []).append(job)
    return list(groups.values())


def _list(unfinished: list[Job]) -> None:
    waiting = jobs.waiting()
    in_line = {job.id for job in waiting}
    running = [job for job in unfinished if job.id not in in_line]  # or sent to a worker that has not begun yet
    groups = _groups((*running, *waiting))
    if not groups:
        st.caption("No job runs or waits. Training, repeats, sweeps and imports appear here.")
    for group in groups[:_MOST_SHOWN]:
        _line(group, waiting)
    if len(groups) > _MOST_SHOWN:
        st.caption(f"And {len(groups) - _MOST_SHOWN:,} more that wait.")


def _line(group: list[Job], waiting: list[Job]) -> None:
    job = group[0]
    in_sweep = bool(job.about.sweep)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        settings = "" if in_sweep else as_markdown(job.about.settings)
        st.markdown(f"**{as_markdown(str(job.about))}**", width="content", help=settings or None)
        st.caption(as_markdown(_whose(job)), width="content")
        st.space("stretch")
        if in_sweep:
            _open_button(job.about.sweep)
        elif jobs.may_cancel(job):
            cancel_button(job, "queue", job.id)
    if in_sweep:
        n_running = sum(one.status is JobStatus.RUNNING for one in group)
        st.caption(
            f"{n_running} of its tasks run{'s' * (n_running == 1)}, {len(group) - n_running} wait{'s' * (len(group) - n_running == 1)}"
        )
    elif job.status is JobStatus.RUNNING:
        st.progress(job.share, as_markdown(job.message or "Has begun"))
    else:
        st.caption(as_markdown(position_in_line(job, waiting)))


def _open_button(sweep_id: str) -> None:
    if st.button(
        "Open",
        key=session.widget_key("queue", sweep_id),
        type="tertiary",
        help="Open the sweep, where you can pause or cancel it.",
        on_click=session.choose_sweep,
        args=(sweep_id,),
    ):
        st.switch_page("pages/sweep.py")


def _whose(job: Job) -> str:
    return ", ".join(dict.fromkeys("yours" if user.is_me(name) else called(name) for name in job.owners if name))


def _offer_again(job: Interrupted) -> None:
    st.markdown(f"**{as_markdown(str(job.about))}**", help=as_markdown(job.about.settings) or None)
    st.caption("Interrupted when the server stopped.")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Start again",
            key=session.widget_key("take up", job.id),
            on_click=redraw.whole_page(_take_up),
            args=(job.id,),
        )
        st.button(
            "Dismiss",
            key=session.widget_key("let go", job.id),
            type="tertiary",
            on_click=jobs.let_go,
            args=(job.id,),
        )


def _take_up(job_id: str) -> None:
    with guards.kept_for_the_page():
        jobs.take_up(job_id)
