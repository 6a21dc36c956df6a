"""How far a background job is: its share, the time left, and the way to end it.

The script never waits for a job. A fragment looks at the board twice a second while one runs, and only then.
"""

import streamlit as st

from core.work.jobs import Job, State
from ui import background, state

SECONDS_BETWEEN_LOOKS = 0.5


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(job_id: str, name: str) -> None:
    """Show an unfinished job, and draw the page anew once it has ended.

    Parameters
    ----------
    job_id : str
    name : str
        What the job is called, such as `training`.
    """
    job = background.job(job_id)
    if job is None or job.finished:
        st.rerun()  # the page draws itself with the result, once, and without this fragment
    else:
        st.progress(job.share, job.words or _waiting_words(job))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_time_left(job))
            st.space("stretch")
            _cancel_button(job_id, name)


def _cancel_button(job_id: str, name: str) -> None:
    st.button(
        "Cancel",
        key=state.widget_key(f"cancel {name}"),
        type="tertiary",
        help=f"End this {name} for everyone who waits for it. Nothing of it is kept.",
        on_click=background.cancel,
        args=(job_id,),
    )


def _waiting_words(job: Job) -> str:
    return "Waits for other work" if job.state is State.QUEUED else "Reads and pools the sample"


def _time_left(job: Job) -> str:
    seconds = job.seconds_left
    if seconds is None:
        return "Time left: not known yet"
    return f"About {seconds:.0f} s left" if seconds < 100 else f"About {seconds / 60:.0f} min left"
