"""What stands beside the form of Tune, in two parts that a moved knob draws again without the rest of the page."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.sample import Sample
from ui.shell import address, forms, guards, turns
from ui.tune import cards, finding, header, maps, parts, redraw, selection, state, story, training, views
from ui.tune.shown import ShownResult


@st.fragment(key=redraw.PICTURE)
def picture(sample: Sample, file: str, top: DeltaGenerator) -> None:
    """Find the domains that the form asks for and draw the maps, before anything is said of them."""
    with turns.of_this_server().taken():
        state.show(None)
        with guards.shown_as_message():
            with top, st.spinner("Finding domains", show_time=True):
                shown = finding.find(sample, forms.params(sample), file)
            state.show((shown, maps.predicted_beside_annotated(shown, parts.move())))
        address.write(file)


@st.fragment(key=redraw.TELLING)
def telling(top: DeltaGenerator) -> None:
    """Say what is to be said of the maps: scores above them; selection, advice and charts below."""
    if (found := state.shown()) is None:
        return
    shown, selected = found
    with turns.of_this_server().taken(), guards.shown_as_message():
        with top:
            header.header(shown)
            cards.cards(shown)
            story.story(shown, story.chapters(shown.sample))
        selection.selection(shown, selected)
        if isinstance(shown, ShownResult):
            views.advice(shown)
            views.charts(shown)
        training.report(shown)
