"""Whether the runs of a new sweep follow what Guide shows, and which samples they can be made on then."""

import dataclasses

import streamlit as st

from core.guidance import Guidance
from core.io.lab import SampleSummary
from core.sample import Sample
from core.text import sentence_case
from core.work.sweep.guiding import GuidedBy
from ui.shell import session, sweeping
from ui.shell.guards import as_markdown


def ask(file: str) -> Guidance | None:
    """Ask whether runs follow what Guide shows of a sample; None where they are label-free, or Guide showed nothing."""
    if (offered := sweeping.offered(file)) is None:
        return None
    key = session.widget_key("sweep", "guided")
    session.show_unless_shown(key, sweeping.followed(file) is not None)
    st.toggle(
        "Guided",
        key=key,
        help="All runs follow what Guide shows of this sample now; scores count spots that nobody painted.",
        on_change=lambda: sweeping.want(file, bool(session.shown(key))),
    )
    if (followed := sweeping.followed(file)) is not None:
        st.caption(as_markdown(f"{in_words(GuidedBy.of(offered))} Runs are not label-free."))
    return followed


def in_words(guided_by: GuidedBy) -> str:
    """Say what guides runs, as a sentence."""
    return f"{sentence_case(guided_by.words)}."


def of_another(guidance: Guidance | None) -> Guidance | None:
    """Take what guides runs on another sample: strokes belong to one."""
    return guidance and dataclasses.replace(guidance, strokes=None)


def may_follow(guidance: Guidance | None, summary: SampleSummary) -> bool:
    """Whether runs on another sample can follow it: not strokes alone, nor what the sample itself has taught."""
    if guidance is None:
        return True
    taught = () if guidance.reference is None else guidance.reference.samples
    return bool(guidance.known) and summary.name not in taught


def is_scored(sample: Sample, guidance: Guidance | None) -> bool:
    """Whether scores can be counted with an annotation."""
    return (sample.labels_true if guidance is None else guidance.hidden_from(sample.labels_true)) is not None
