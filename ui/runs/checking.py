"""Imported runs: whom they claim to be by, and the check that computes them here."""

from collections.abc import Sequence

import streamlit as st

from core.errors import DomainsError
from core.people import called
from core.sample import Sample
from core.work.board.job import Job
from core.work.runs import Run
from core.work.runs.checking import confirm, why_not
from ui.data import jobs
from ui.data.kept_runs import KeptRun
from ui.data.record import record
from ui.shell.guards import as_markdown
from ui.shell.job_progress import offer, watch


def part(chosen: Sequence[KeptRun]) -> None:
    """Say of each chosen run that was imported that nobody computed it here, and offer to."""
    for kept in chosen:
        if kept.run.imported:
            with st.container(border=True):
                _one(kept)


def _one(kept: KeptRun) -> None:
    st.markdown(f"**{as_markdown(kept.name)}** was imported. {_claim(kept.run)} Its scores were **not computed here**.")
    if (reason := why_not(kept.run, kept.sample) or _only_elsewhere(kept.run)) or kept.sample is None:
        st.caption(f"It cannot be checked here. {as_markdown(reason)}")
        return
    sample, params = kept.sample, kept.run.params
    job = jobs.repeats(sample, params, 1)
    if job is not None and not job.finished:
        watch(job.id, f"check {kept.run.id}")
        return
    if job is not None and job.result is not None and _confirmed(kept.run, sample, job):
        st.rerun()
    offer(
        "Check",
        f"check {kept.run.id}",
        lambda: jobs.repeat(sample, params, 1),
        job if job is not None and job.result is None else None,
        "The last check was cancelled.",
        "Runs its settings again and compares every label; its scores are then those computed here.",
    )


def _only_elsewhere(run: Run) -> str:
    return f"It was guided: `python -m core runs check {run.id[:8]}` checks it." if run.guided else ""


def _claim(run: Run) -> str:
    return (
        f"Its file says that {as_markdown(called(run.claimed))} kept it." if run.claimed else "Its file names nobody."
    )


def _confirmed(run: Run, sample: Sample, job: Job) -> bool:
    """Compare what the job made with the run; False with a sentence where they differ."""
    try:
        confirm(record(), run, sample, job.result[0])
    except DomainsError as error:
        st.error(as_markdown(str(error)))
        return False
    return True
