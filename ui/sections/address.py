"""The address of the Sections page: which sections, and every knob that is not at its default."""

from collections.abc import Container, Mapping
from typing import Any

import streamlit as st

from core import knobs
from core.errors import ParameterError
from core.text import shown
from ui.shell import session
from ui.shell.session import Together

_SECTION = "section"
_STARTED = "started"
_WRITTEN = "sections address written"
_REFUSED = "sections address refused"

Query = Mapping[str, list[str]]


def follow() -> None:
    """Take over what the address asks for: at the start, and after the browser's Back or Forward."""
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    written, present = st.session_state.get(_WRITTEN, (None, None))
    if asked.get(_SECTION) and asked != written and present in (None, session.together()):
        together, refused = together_of(asked)
        session.take_together(together)
        st.session_state[_REFUSED] = (together, refused)
    elif not session.together().files and (chosen := session.sample_file()) is not None:
        session.change_together(files=(chosen,))


def write() -> None:
    """Put the sections and the knobs into the address."""
    query = query_of(session.together())
    if {name: st.query_params.get_all(name) for name in st.query_params} != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = (query, session.together())


def passed_over(readable: Container[str]) -> list[str]:
    """Say what of the address could not be used.

    Parameters
    ----------
    readable : container of str
        Files that can be chosen.

    Returns
    -------
    list of str
        Sentences; those about knobs until one is moved.
    """
    missing = [file for file in session.together().files if file not in readable]
    sentences = [f"There is no sample {_code(file)} here that can be read, so it is left out." for file in missing]
    of, refused = st.session_state.get(_REFUSED, (None, []))
    return sentences + (list(refused) if of == session.together() else [])


def query_of(together: Together) -> dict[str, list[str]]:
    """Write a choice as an address does.

    Parameters
    ----------
    together : Together

    Returns
    -------
    dict of str to list of str
    """
    names = knobs.names()
    started = {_STARTED: ["1"]} if together.files and together.live == together.files else {}
    sections = {_SECTION: list(together.files)} if together.files else {}
    return sections | {names[path]: [str(value)] for path, value in together.changes.items()} | started


def together_of(query: Query) -> tuple[Together, list[str]]:
    """Read a choice out of an address.

    Parameters
    ----------
    query : mapping of str to list of str

    Returns
    -------
    together : Together
        Whoever opens the link of a clustering that was started wants to see it, so it is started.
    refused : list of str
        A sentence for each name or value that means nothing.
    """
    changes: dict[knobs.KnobPath, Any] = {}
    refused = []
    for name, texts in query.items():
        if name in (_SECTION, _STARTED):
            continue
        try:
            path = knobs.path_of(name)
            if path not in knobs.joint():
                raise ParameterError("it is no knob of this page.")
            changes[path] = knobs.read_value(path, texts[-1])
        except ParameterError as error:
            refused.append(f"`{_code(name)}={_code(texts[-1])}` in the address was passed over: {error}")
    files = tuple(dict.fromkeys(query[_SECTION]))
    return Together(files=files, changes=changes, live=files if _STARTED in query else ()), refused


def _code(text: str) -> str:
    return shown(text, 40).replace("`", "?")
