"""Training on the Tune page: its button, its progress in the background, and its loss."""

import streamlit as st

from core.figures.colours import Theme
from core.figures.training import live_loss, loss_curve
from core.params import MethodParams
from core.result import AutoencoderReport
from core.sample import Sample
from core.work.board.board import Job, JobStatus
from ui.data import compute, jobs
from ui.shell import session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown, kept_for_the_page
from ui.shell.job_progress import SECONDS_BETWEEN_LOOKS, watch
from ui.tune.shown import Shown

_CHART_CONFIG = {"displayModeBar": False}


def control(sample: Sample, params: MethodParams) -> None:
    """Offer training if the embedding needs it; while it runs, show its progress and offer to cancel it."""
    if not params.embedding.needs_training:
        return
    trained, job = compute.ready(sample, params), jobs.training(sample, params)
    running = not trained and job is not None and not job.finished
    _button(sample, params, trained, running)
    if running and job is not None:
        watch(job.id, "training")
    elif not trained and job is not None:
        _ended(job)


def _button(sample: Sample, params: MethodParams, trained: bool, running: bool) -> None:
    st.button(
        on_primary("Trained" if trained else "Training" if running else "Train", disabled=trained or running),
        key=session.widget_key("train"),
        type="primary",
        width="stretch",
        disabled=trained or running,
        help=_button_help(trained, running),
        on_click=_start,
        args=(sample, params),
    )


def _start(sample: Sample, params: MethodParams) -> None:
    with kept_for_the_page():
        jobs.train(sample, params)


def _button_help(trained: bool, running: bool) -> str:
    if trained:
        return "There is a model of these data and parameters, and it is used."
    if running:
        return "The training runs in the background, even when you move other knobs, reload or close this page."
    return "Train the autoencoder in the background; everyone on this server can then use the model."


def _ended(job: Job) -> None:
    if job.status is JobStatus.FAILED:
        st.error(as_markdown(job.error))
    else:
        st.caption("The last training was cancelled. Press Train to start it again.")


def what_is_missing(sample: Sample, params: MethodParams) -> str:
    """Say what a run without a model waits for, and what to do."""
    job = jobs.training(sample, params)
    if job is None:
        return "There is no model of these data and parameters yet.\nPress Train in the sidebar."
    if not job.finished:
        return "Training runs in the background.\nIts progress is in the sidebar."
    ended = "failed, for the reason in the sidebar" if job.status is JobStatus.FAILED else "was cancelled"
    return f"No model yet: its training {ended}.\nPress Train in the sidebar to start again."


def report(shown: Shown) -> None:
    """Show the loss of the training behind a run, during or after it."""
    if shown.result is not None and shown.result.autoencoder is not None:
        _how_it_went(shown.result.autoencoder, shown.theme)
    elif shown.result is None and (job := jobs.training(shown.sample, shown.params)) is not None and not job.finished:
        st.subheader("Training", anchor=False)
        _live_curve(job.id, shown.params.embedding.network.epochs, shown.theme)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _live_curve(job_id: str, n_epochs: int, theme: Theme) -> None:
    job = jobs.job(job_id)
    if job is not None:
        spec = live_loss(job.losses, n_epochs=n_epochs, theme=theme)
        # Not plotly, because Streamlit rebuilds a plotly chart at every change, but only extends the line of this one.
        st.echarts_chart(spec, height=240, theme=None, key=session.widget_key("live loss"), alt="Loss by epoch so far")


def _how_it_went(report: AutoencoderReport, theme: Theme) -> None:
    st.subheader("Training", anchor=False)
    curve = loss_curve(report.losses, theme=theme)
    st.plotly_chart(curve, theme=None, config=_CHART_CONFIG, alt="Loss of each epoch of training")
