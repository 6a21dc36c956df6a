"""The queue, at the head of every page's sidebar: what runs, what waits and whose it is; beside it, who one is oneself."""

import streamlit as st

from core.work.job import Job, State
from core.work.journal import Interrupted
from ui import background, guards, state, who
from ui.guards import as_markdown
from ui.watch import cancel_button, place_in_line

_SECONDS_BETWEEN_LOOKS = 4.0  # in every session of the server
_MOST_SHOWN = 12


def head() -> None:
    """Show the queue and the user's name; the queue keeps itself up to date while there is work."""
    with st.sidebar, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if any(not job.finished for job in background.jobs()):
            _live()
        else:
            _popover()
        who.control()
        who.keep_in_browser()


@st.fragment(run_every=_SECONDS_BETWEEN_LOOKS)
def _live() -> None:
    _popover()


def _popover() -> None:
    unfinished = [job for job in background.jobs() if not job.finished]
    cut_off = background.interrupted()
    with st.popover(
        _label(len(unfinished), len(cut_off)),
        key=state.widget_key("queue"),
        type="tertiary",
        help="Background work of everyone on this server: what runs, what waits, and whose it is.",
    ):
        _list(unfinished)
        for job in cut_off:
            _offer_again(job)
        st.page_link("pages/health.py", label="Health of this server")


def _label(n_unfinished: int, n_cut_off: int) -> str:
    counts = [str(n_unfinished)] * bool(n_unfinished) + [f"{n_cut_off} interrupted"] * bool(n_cut_off)
    return f"Queue: {', '.join(counts)}" if counts else "Queue"


def _list(unfinished: list[Job]) -> None:
    waiting = background.waiting()
    in_line = {job.id for job in waiting}
    running = [job for job in unfinished if job.id not in in_line]  # or handed to a worker that has not begun yet
    if not unfinished:
        st.caption("Nothing runs and nothing waits. Training, repeats, sweeps and imports show up here.")
    for job in (*running, *waiting)[:_MOST_SHOWN]:
        _line(job, waiting)
    left_out = len(running) + len(waiting) - _MOST_SHOWN
    if left_out > 0:
        st.caption(f"And {left_out:,} more that wait.")


def _line(job: Job, waiting: list[Job]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{as_markdown(str(job.about))}**", width="content", help=as_markdown(job.about.settings) or None)
        st.caption(as_markdown(_whose(job)), width="content")
        st.space("stretch")
        if background.is_mine(job):
            cancel_button(job, "queue", job.id)
    if job.state is State.RUNNING:
        st.progress(job.share, job.words or "Has begun")
    else:
        st.caption(as_markdown(place_in_line(job, waiting)))


def _whose(job: Job) -> str:
    mine = who.names()
    return ", ".join(dict.fromkeys("yours" if name in mine else name for name in job.owners if name))


def _offer_again(job: Interrupted) -> None:
    st.markdown(f"**{as_markdown(str(job.about))}**", help=as_markdown(job.about.settings) or None)
    st.caption("Cut off when the server stopped.")
    with st.container(horizontal=True, gap="small"):
        st.button("Start again", key=state.widget_key("take up", job.id), on_click=_take_up, args=(job.id,))
        st.button(
            "Dismiss",
            key=state.widget_key("let go", job.id),
            type="tertiary",
            on_click=background.let_go,
            args=(job.id,),
        )


def _take_up(job_id: str) -> None:
    with guards.shown_as_message():
        background.take_up(job_id)
