"""Give the layers of annotated sections to another one, by name: Guide goes on from there."""

from collections.abc import Sequence

import streamlit as st

from core.io.lab import SampleSummary
from ui.data import compute
from ui.data import teaching as learning
from ui.sections.choice import Readable
from ui.shell import guards, session, teaching
from ui.shell.teaching import Start


def box(readable: Readable, chosen: Sequence[SampleSummary]) -> None:
    """Offer the sections that can get the layers of the chosen ones, inside the sidebar."""
    teachers = [summary for summary in chosen if compute.sample(summary).layer_names]
    others = [file for file in readable if file not in {summary.path.name for summary in chosen}]
    if not teachers or not others:
        return
    with st.container(border=True, gap="small"):
        wanted = st.selectbox(
            "Give their layers to",
            others,
            index=None,
            placeholder="Choose a section",
            format_func=lambda file: readable[file].name,
            key=session.widget_key("sections", "give"),
            help="The section gets the layers of the chosen ones that are annotated, by name; strokes can correct them. Its own "
            "annotation plays no part.",
        )
        if st.button(
            "Give layers",
            key=session.widget_key("sections", "give now"),
            icon=":material/auto_awesome:",
            disabled=wanted is None,
        ):
            _give(readable[str(wanted)], teachers)


def _give(summary: SampleSummary, teachers: Sequence[SampleSummary]) -> None:
    """Go on to Guide, or say why these sections cannot teach that one."""
    with guards.shown_as_message():
        with st.spinner("Learning from the sections", show_time=True):
            learning.check(summary, learning.reference(teachers), None)
        files = tuple(teacher.path.name for teacher in teachers)
        teaching.choose(summary.path.name, Start(kind="sections", files=files), clicked=True)
        session.choose_sample(summary.path.name)
        st.switch_page("pages/guide.py")
