"""What stands beside the form of Tune, in two parts that a moved knob draws again without the rest of the page."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.sample import Sample
from ui.data import turns
from ui.data.seats import Person
from ui.shell import address, domain_names, forms, guards
from ui.tune import (
    cards,
    finding,
    header,
    knobs,
    maps,
    opening,
    parts,
    redraw,
    selected,
    selection,
    state,
    story,
    training,
    views,
)
from ui.tune.address import PART
from ui.tune.shown import Shown, ShownResult


@st.fragment(key=redraw.PICTURE)
def picture(sample: Sample, file: str, top: DeltaGenerator, progress: DeltaGenerator, words: DeltaGenerator) -> None:
    """Find the domains that the form asks for and draw the maps, before anything is said of them."""
    # Alone, the picture has no place above the maps; it finds nothing shown there after a run that was interrupted.
    first = state.shown() is None and not parts.are_there()
    # Also where the result is known: a part may later write only where it wrote when the whole page was drawn.
    words.empty()
    state.show(None)
    with guards.shown_as_message():
        with progress, st.spinner("Finding domains", show_time=True):
            shown = finding.find(sample, forms.params(sample), file, words)
        with turns.of_redraws().taken(Person.here()):
            finding.say_cancelled(sample, words)
            if first:  # once, since the maps would move down when it comes after them
                _head(shown, top, away=state.steps_are_away(), just_put_away=state.steps_just_put_away())
            held = selected.of(sample)
            maps.predicted_beside_annotated(
                shown,
                parts.move(),
                lambda: _tell(sample),
                lambda: selected.take_lasso(sample, maps.KEY),
                held.choice_for(maps.KEY),
            )
            state.show((shown, held.spots))
            parts.remember_head(shown if first else None)
    address.write(file, PART)


def _tell(sample: Sample) -> None:
    """Draw what is told of the maps, once they rest; the whole page where that was not drawn to its end."""
    if parts.form_is(knobs.form(sample)):
        # The picture, too: this request takes the place of one for it that waits, and of maps that are not sent yet.
        redraw.alone(redraw.PICTURE, redraw.TELLING)
    else:
        st.rerun()


@st.fragment(key=redraw.TELLING)
def telling(top: DeltaGenerator) -> None:
    """Say what is to be said of the maps: scores above them; selection, advice and charts below."""
    if (found := state.shown()) is None:
        return
    shown, selected = found
    place = st.empty()  # always, so that what follows keeps its own
    if parts.head() is shown:  # as the page opens
        redraw.let_maps_be_drawn(place)
    with turns.of_redraws().taken(Person.here(), behind=True), guards.shown_as_message():
        if parts.head() is not shown:
            _head(shown, top, away=state.steps_are_away(), just_put_away=state.steps_just_put_away())
        else:
            top.empty()  # a part may later write only where it wrote when the whole page was drawn
        with st.container(key="tune-told"):
            named = None
            if isinstance(shown, ShownResult):
                named = domain_names.of_section(shown.sample, shown.matching, shown.run)
            selection.selection(shown, selected, named)
            if isinstance(shown, ShownResult):
                views.chosen(shown)
                views.advice(shown)
                views.charts(shown, _choose_chart, state.asked)
            training.report(shown)


def _choose_chart(row: DeltaGenerator) -> str:
    """Ask for a chart, and write it into the address."""
    state.choose_chart(state.chart())
    chosen = row.segmented_control(
        "Chart",
        list(state.CHARTS),
        required=True,
        key=state.CHART_KEY,
        label_visibility="collapsed",
        persist_state="session",
    )
    address.write(address.shown_file(), PART)
    return str(chosen or state.CHARTS[0])


def _head(shown: Shown, top: DeltaGenerator, *, away: bool, just_put_away: bool) -> None:
    with top:
        with st.container(gap=None):
            header.header(shown)
            opening.line()
        with st.container(key="tune-scores", gap="xxsmall"):
            opening.steps(away=away, just_put_away=just_put_away)
            cards.cards(shown)
            story.story(shown, story.chapters(shown.sample))
