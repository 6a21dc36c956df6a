"""Give the layers of annotated sections to another one, by name: Guide goes on from there."""

from collections.abc import Sequence

import streamlit as st

from core.io.lab import SampleSummary
from ui.data import teaching as learning
from ui.sections.choice import Readable
from ui.shell import guards, session, teaching
from ui.shell.teaching import Start


def box(readable: Readable, chosen: Sequence[SampleSummary]) -> None:
    """Offer to give the present section the layers of annotated ones, inside the sidebar; either can be another."""
    annotated = {one.path.name: one for one in teaching.annotated(readable.values())}
    taught = [file for file in readable if annotated.keys() - {file}]
    if not taught:
        return
    present = session.sample_file()
    with st.container(border=True, gap="small"):
        wanted = st.selectbox(
            "Give layers to",
            taught,
            index=taught.index(present) if present in taught else 0,
            format_func=lambda file: readable[file].name,
            key=session.widget_key("sections", "give"),
            help="This section gets the layers of annotated ones, by name; strokes can correct them. Its own annotation plays no part.",
        )
        teachers = {file: one for file, one in annotated.items() if file != wanted}
        files = _teachers(readable[wanted], teachers, [one.path.name for one in chosen])
        if st.button(
            "Give layers",
            key=session.widget_key("sections", "give now"),
            icon=":material/auto_awesome:",
            disabled=not files,
        ):
            _give(readable[wanted], [teachers[file] for file in files])


def _teachers(summary: SampleSummary, those: Readable, chosen: Sequence[str]) -> list[str]:
    """Ask whose layers are given: those of the chosen sections, unless somebody says otherwise."""
    first = [file for file in chosen if file in those] or teaching.suggested(summary, [*those.values()])
    return st.multiselect(
        "Layers of",
        list(those),
        default=first,
        format_func=lambda file: those[file].name,
        key=session.widget_key("sections", "layers of", summary.path.name, *first),
        placeholder="Choose one or several",
        help="Annotated sections. Genes are matched by name.",
    )


def _give(summary: SampleSummary, teachers: Sequence[SampleSummary]) -> None:
    """Go on to Guide, or say why these sections cannot teach that one."""
    with guards.shown_as_message():
        with st.spinner("Learning from the sections", show_time=True):
            learning.check(summary, learning.reference(teachers), None)
        files = tuple(teacher.path.name for teacher in teachers)
        teaching.choose(summary.path.name, Start(kind="sections", files=files), clicked=True)
        session.choose_sample(summary.path.name)
        st.switch_page("pages/guide.py")
