"""Both scores of Guide: of the domains that follow strokes, and of those that are found without, on the same spots."""

import streamlit as st

from core import units
from core.params import PRESETS
from core.sample import UNANNOTATED
from core.text import counted, sentence_case
from ui.data import guided
from ui.guide.found import Found
from ui.shell import guards, session, terms
from ui.shell.guards import as_markdown

_CAPTION_PX = 300


def cards(found: Found) -> None:
    """Show the agreement with the annotation that the sample is compared with, which stays hidden."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", border=True):
        free = None if found.free is None else guided.label_free(found.sample, found.free.labels, found.guidance)
        own = None if found.result is None else found.result.scores.ari
        st.metric(_called(found), units.score("ari", own), help=_HELP + terms.more_on("ARI"), width="content")
        st.metric("ARI, label-free", units.score("ari", free), help=_FREE_HELP, width="content")
        st.caption(_on_what(found), width=_CAPTION_PX)
    if found.result is not None and found.guidance is not None and found.guidance.known:
        with guards.shown_as_message():
            said = [sentence_case(found.guidance.in_words()) + ".", *guided.told(found.bare, found.result)]
            st.caption(as_markdown(" ".join(said)))


def _called(found: Found) -> str:
    kind = "strokes" if found.guidance is None else found.guidance.kind
    return {"strokes": "ARI, guided", "reference": "ARI, transferred", "markers": "ARI, by marker genes"}[kind]


_HELP = (
    "Adjusted Rand index of the domains that follow the strokes, on annotated spots that nobody painted: 1 is full agreement, 0 "
    "is chance. They are guided, so they belong in no table of label-free results. "
)
_FREE_HELP = (
    "The same of the domains that the present settings find without strokes, on the same spots. Neither they nor the guided "
    "ones ever see the annotation."
)


def _on_what(found: Found) -> str:
    truth = found.sample.labels_true
    if truth is None:
        return "There is no annotation to compare with."
    left = truth if found.guidance is None else found.guidance.hidden_from(truth)
    if left is None:
        return "Every annotated spot is painted, so none is left to count."
    n_left = counted(int((left != UNANNOTATED).sum()), "annotated spot")
    return f"Agreement with the annotation, which plays no part in them, on {n_left} that nobody painted. Label-free: {PRESETS[session.settings().preset]}."
