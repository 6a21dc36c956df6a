"""The address of the Sections page: the sections, what they are compared with, and every knob that is not at its default."""

from collections.abc import Container, Mapping

import streamlit as st

from core import knobs
from ui.data import truth
from ui.sections import state
from ui.sections.state import Together
from ui.shell import address as page_address
from ui.shell import session
from ui.shell.address import as_code, cameras_of, knobs_of, query_of_knobs, without_cameras
from ui.shell.guards import as_markdown

_SECTION = "section"
_STARTED = "started"
_WRITTEN = "sections address written"
_REFUSED = "sections address refused"

Query = Mapping[str, list[str]]


def follow() -> None:
    """Apply the address to the session: at its start, and after the browser's Back or Forward."""
    asked = without_cameras(page_address.asked())
    written, present = st.session_state.get(_WRITTEN, (None, None))
    if asked.get(_SECTION) and asked != written and present in (None, _state()):
        together, refused = together_of(asked)
        state.take_together(together)
        refused += page_address.take_truths(asked, together.files)
        st.session_state[_REFUSED] = (_state(), refused)
    elif not state.together().files and (chosen := session.sample_file()) is not None:
        state.change_together(files=(chosen,))


def write() -> None:
    """Put the sections and the knobs into the address."""
    together, present = state.together(), page_address.asked()
    query = query_of(together) | page_address.truths_of(together.files)
    before, _ = st.session_state.get(_WRITTEN, (query, None))
    with_cameras = query | (cameras_of(present) if before.get(_SECTION) == query.get(_SECTION) else {})
    if present != with_cameras:
        st.query_params.from_dict(with_cameras)
    st.session_state[_WRITTEN] = (query, _state())


def _state() -> object:
    return state.together(), truth.everything()


def ignored(readable: Container[str]) -> list[str]:
    """Say which parts of the address were ignored; sentences about values go away once one is changed."""
    missing = [file for file in state.together().files if file not in readable]
    sentences = [f"There is no sample {as_code(file)} here that can be read, so it is left out." for file in missing]
    of, refused = st.session_state.get(_REFUSED, (None, []))
    return sentences + (list(refused) if of == _state() else [])


def ignore(sentences: list[str]) -> None:
    """Say of more parts of the address that they were ignored, now and until a knob is moved."""
    if sentences:
        _, refused = st.session_state.get(_REFUSED, (None, []))
        st.session_state[_REFUSED] = (_state(), [*refused, *sentences])
    for sentence in sentences:
        st.warning(as_markdown(sentence))


def query_of(together: Together) -> dict[str, list[str]]:
    """Write the choice as a query of the address."""
    sections = {_SECTION: list(together.files)} if together.files else {}
    moved = {name: [text] for name, text in query_of_knobs(together.changes).items()}
    started = {_STARTED: ["1"]} if together.files and together.live == together.files else {}
    return sections | moved | started


def together_of(query: Query) -> tuple[Together, list[str]]:
    """Read the choice from a query, with a sentence for each invalid entry; a link to a started clustering starts it."""
    others = (_SECTION, _STARTED)
    moved = {name: texts[-1] for name, texts in page_address.without_truths(query).items() if name not in others}
    changes, refused = knobs_of(moved, knobs.joint(), embedding="factors")
    files = tuple(dict.fromkeys(query[_SECTION]))
    return Together(files=files, changes=changes, live=files if _STARTED in query else ()), refused
