"""Training on the Tune page: its button, its progress while it runs elsewhere, and how it went.

The script never waits for a training. Fragments look at the board twice a second while one runs, and only then.
"""

import streamlit as st

from core.figures.training import live_loss, loss_curve
from core.params import MethodParams
from core.result import AutoencoderReport, Result
from core.sample import Sample
from core.work.jobs import Job, State
from ui import background, compute, state
from ui.guards import as_markdown

_SECONDS_BETWEEN_LOOKS = 0.5
_CHART_CONFIG = {"displayModeBar": False}


def control(sample: Sample, params: MethodParams) -> None:
    """Offer training where the embedding needs it; while it goes on, show how far it is and offer its end.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    """
    if not params.embedding.needs_training:
        return
    trained, job = compute.ready(sample, params), background.training(sample, params)
    running = not trained and job is not None and not job.finished
    _button(sample, params, trained, running)
    if running and job is not None:
        _watched(job.id)
    elif not trained and job is not None:
        _ended(job)


def _button(sample: Sample, params: MethodParams, trained: bool, running: bool) -> None:
    st.button(
        "Trained" if trained else "Training" if running else "Train",
        key=state.widget_key("train"),
        type="primary",
        width="stretch",
        disabled=trained or running,
        help=_button_help(trained, running),
        on_click=_start,
        args=(sample, params),
    )


def _start(sample: Sample, params: MethodParams) -> None:
    background.train(sample, params)


def _button_help(trained: bool, running: bool) -> str:
    if trained:
        return "A model of these data and parameters is there and used."
    if running:
        return "It goes on in the background, also when you move other knobs, reload or close this page."
    return "Train the autoencoder in the background; everyone on this server can then use the model."


@st.fragment(run_every=_SECONDS_BETWEEN_LOOKS)
def _watched(job_id: str) -> None:
    job = background.job(job_id)
    if job is None or job.finished:
        st.rerun()  # the page draws itself with the result, once, and without this fragment
    else:
        st.progress(job.share, job.words or _waiting_words(job))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_time_left(job))
            st.space("stretch")
            _cancel_button(job_id)


def _cancel_button(job_id: str) -> None:
    st.button(
        "Cancel",
        key=state.widget_key("cancel training"),
        type="tertiary",
        help="End this training for everyone who waits for it. Nothing of it is kept.",
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


def _ended(job: Job) -> None:
    if job.state is State.FAILED:
        st.error(as_markdown(job.error))
    else:
        st.caption("The last training was cancelled.")


def report(sample: Sample, params: MethodParams, result: Result | None) -> None:
    """Show how the training behind a run goes, or how it went.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    result : Result or None
        Without an autoencoder nothing is shown.
    """
    if result is not None and result.autoencoder is not None:
        _how_it_went(result.autoencoder)
    elif result is None and (job := background.training(sample, params)) is not None and not job.finished:
        st.subheader("Training", anchor=False)
        _live_curve(job.id, params.embedding.autoencoder.epochs)


@st.fragment(run_every=_SECONDS_BETWEEN_LOOKS)
def _live_curve(job_id: str, n_epochs: int) -> None:
    job = background.job(job_id)
    if job is not None:
        spec = live_loss(job.losses, n_epochs=n_epochs, theme=state.theme())
        # Not plotly: Streamlit rebuilds a plotly chart at every change, but moves the line of this one.
        st.echarts_chart(spec, height=240, theme=None, key=state.widget_key("live loss"), alt="Loss by epoch so far")


def _how_it_went(report: AutoencoderReport) -> None:
    st.subheader("Training", anchor=False)
    curve = loss_curve(report.losses, theme=state.theme())
    st.plotly_chart(curve, theme=None, config=_CHART_CONFIG, alt="Loss of each epoch of training")
