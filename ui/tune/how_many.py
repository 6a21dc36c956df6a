"""How many clusters: a curve from a background job, a suggestion with its reason, and a button to use it."""

import streamlit as st

from core.figures.how_many import how_many
from core.method.how_many import Curve
from core.params import TRIED_FROM, TRIED_STARTS, TRIED_TO, MethodParams
from core.sample import Sample
from core.work.board.board import Job, JobStatus
from ui.data import jobs
from ui.shell import session
from ui.shell.charts import Chart
from ui.shell.guards import as_markdown
from ui.shell.job_progress import offer, watch
from ui.tune import redraw
from ui.tune.shown import ShownResult

_N_CLUSTERS = ("clustering", "n_clusters")


def view(shown: ShownResult) -> Chart | None:
    """Offer the runs, or show their progress or their results."""
    sample, params = shown.sample, shown.params
    job = jobs.numbers(sample, params)
    if job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        _offer(sample, params, job)
        return None
    if not job.finished:
        watch(job.id, "search")
        return None
    curve: Curve = job.result
    _suggestion(curve, params)
    figure = how_many(curve, shown=params.clustering.n_clusters, theme=shown.theme)
    return figure, f"Agreement of runs on {sample.name} over the number of clusters. {curve.reason}"


def _offer(sample: Sample, params: MethodParams, ended: Job | None) -> None:
    offer(
        f"Try {TRIED_FROM} to {TRIED_TO} clusters",
        "try numbers",
        lambda: jobs.try_numbers(sample, params),
        ended,
        "The last search was cancelled.",
        f"Runs these settings from {TRIED_STARTS} starts at each number of clusters in the background, and shows at which "
        "number the runs agree. Does not use the annotation.",
    )


def _suggestion(curve: Curve, params: MethodParams) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            as_markdown(curve.reason),
            width="stretch",
            help="Few, large domains always agree well, so peaks matter more than height. Also consider the whole curve, PAS and the "
            "smallest domain. The annotation is not used.",
        )
        if curve.suggested is not None:
            st.button(
                f"Take {curve.suggested}",
                key=session.widget_key("take number"),
                help="Set the number of clusters to the suggestion.",
                disabled=curve.suggested == params.clustering.n_clusters,
                on_click=redraw.whole_page(_take),
                args=(curve.suggested,),
            )


def _take(n_clusters: int) -> None:
    session.change({_N_CLUSTERS: n_clusters})
