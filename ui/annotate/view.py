"""The Annotate page: the map that is drawn on, what is shown beside it, and the regions."""

import numpy as np
import streamlit as st

from core.annotation_history import Kept
from core.io.lab import SampleSummary
from core.layer_names import display_name
from core.sample import UNANNOTATED
from ui.annotate import agreeing, beside, choice, exports, starting, state
from ui.annotate.address import PART
from ui.annotate.beside import Predicted
from ui.data import annotations, compute, turns
from ui.data.seats import Person
from ui.shell import address, guards, maps, sample_view, session
from ui.shell.drawing import acting, pictures, regions, remembered
from ui.tissue_view import Drawing, TissueMap

_RATIO = [2.6, 1]


def page(summary: SampleSummary) -> None:
    """Show an annotation of a sample, to draw on it; where there is none yet, offer to begin one."""
    listed = annotations.entries(summary)
    annotation = choice.shown_one(summary, listed)
    with st.sidebar:
        choice.sidebar(summary, listed, annotation, beside.predicted(summary, wait=False))
    if annotation is None:
        _beginning(summary)
    else:
        state.choose(summary.path.name, annotation.id)
        _drawing(summary, annotation.id)


def _header(summary: SampleSummary) -> None:
    sample = compute.file_sample(summary)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Annotate", anchor=False, width="content")
        sample_view.badges(sample)
        st.space("stretch")
        beside.picker(sample)


def _beginning(summary: SampleSummary) -> None:
    """Show the sample, and ask what the first annotation starts from."""
    with guards.shown_as_message():
        _header(summary)
        left, right = st.columns(_RATIO, gap="medium")
        found = beside.predicted(summary, wait=False)
        with left:
            sample = compute.file_sample(summary)
            maps.draw(state.MAPS_KEY, sample, beside.maps_beside(summary, found) or [_empty(summary)], session.theme())
        with right, st.container(border=True, key="annotate-side"):
            st.subheader("First annotation", anchor=False)
            starting.form(summary, found, 0)
        address.write(summary.path.name, PART)
        _find_later(summary, found)


def _empty(summary: SampleSummary) -> TissueMap:
    sample = compute.file_sample(summary)
    return TissueMap(
        title=maps.titled("Spots", sample),
        description=f"Spots of {sample.name}.",
        labels=np.zeros(sample.n_spots, dtype=int),
        names=[display_name(UNANNOTATED)],
        colours=[pictures.unassigned_shade()],
    )


@st.fragment
def _drawing(summary: SampleSummary, id: str) -> None:
    """Show the maps and the regions; an edit draws this part alone."""
    with turns.of_redraws().taken(Person.here()), guards.shown_as_message():
        _header(summary)
        guards.show_refusal()
        kept = compute.annotation(summary, id)
        mine = annotations.author_of(kept.annotation) is not None
        found = beside.predicted(summary, wait=False)
        left, right = st.columns(_RATIO, gap="medium")
        with left:
            _maps(summary, kept, found, mine=mine)
        with right, st.container(key="annotate-side"):
            regions.panel(summary, kept, mine=mine)
            agreeing.scores(kept.annotation, found)
            exports.popover(summary, kept.annotation, found)
        address.write(summary.path.name, PART)
        _find_later(summary, found)


def _maps(summary: SampleSummary, kept: Kept, found: Predicted, *, mine: bool) -> None:
    sample, shown_id = compute.file_sample(summary), kept.annotation.id
    taken = [*((shown_id, tab, number) for tab, number in kept.acknowledged.items()), *remembered.taken_of(shown_id)]
    drawing = Drawing(annotation=shown_id, active=remembered.active(kept.annotation), count=kept.count, taken=taken)
    shown = [_drawn(summary, kept), *beside.maps_beside(summary, found)]
    maps.draw(
        state.MAPS_KEY,
        sample,
        maps.told_apart(shown, ["", "predicted"][: len(shown)]),
        session.theme(),
        on_edits=lambda: acting.take(summary),
        drawing=drawing if mine else None,
        camera=maps.CAMERA,
    )
    acting.take_what_came_late(summary)


def _drawn(summary: SampleSummary, kept: Kept) -> TissueMap:
    sample, annotation = compute.file_sample(summary), kept.annotation
    return pictures.as_map(annotation, maps.titled(annotation.name, sample), f"{annotation.name} on {sample.name}")


def _find_later(summary: SampleSummary, found: Predicted) -> None:
    """Find the predicted domains once the maps are there to draw on, and draw the page again with them."""
    if found.result is None and found.can_be_found:
        with st.spinner("Finding domains", show_time=True):
            beside.predicted(summary, wait=True)
        st.rerun()
