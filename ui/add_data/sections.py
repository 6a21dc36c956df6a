"""Choosing among several sections on the Add data page: of a source, and of its table of labels."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.io.incoming import Survey
from core.text import counted, shown
from ui.add_data import state, work
from ui.add_data.state import Incoming
from ui.shell import session
from ui.shell.guards import as_markdown


def pickers(incoming: Incoming, survey: Survey) -> None:
    """Ask which section is meant, wherever there are several."""
    if survey.sections:
        _picker(incoming, "section", "Section", survey.sections, _SECTION)
        st.button(
            f"Save all {counted(len(survey.sections), 'section')}",
            key=session.widget_key("import", "each"),
            icon=":material/library_add:",
            help="Save each section as a sample of its own, with these choices.",
            disabled=incoming.each,
            on_click=state.change_incoming,
            kwargs={"each": True},
        )
    if survey.columns or incoming.source.axes is not None:
        _axes_pickers(incoming, survey)
    if survey.table_sections:
        _picker(incoming, "table_section", "Section of the table", survey.table_sections, _OF_TABLE)


def _axes_pickers(incoming: Incoming, survey: Survey) -> None:
    """Ask which columns hold x and y; both are taken together."""
    names = survey.columns or incoming.source.axes or ()
    known = incoming.source.axes or (None, None)
    chosen = []
    for number, axis in enumerate("xy"):
        key = session.widget_key("import", axis)
        if known[number] in names:
            session.show(key, known[number])
        st.selectbox(
            f"Column of {axis}", names, index=None, format_func=shown, placeholder="Choose", key=key, help=_AXES
        )
        chosen.append(session.shown(key))
    if all(chosen) and tuple(chosen) != incoming.source.axes:
        _take(incoming, axes=tuple(chosen))
        st.rerun()


_AXES = "Columns of the table of coordinates, by which cells are placed."
_SECTION = "The source holds several sections. One is brought in at a time; they are never laid over one another."
_OF_TABLE = "The table names the same spots for several sections. Only rows of this section are taken."


def _picker(incoming: Incoming, field: str, label: str, names: Sequence[str], help_text: str) -> None:
    key = session.widget_key("import", field)
    session.show(key, getattr(incoming.source, field))
    st.selectbox(
        label,
        names,
        index=None,
        format_func=shown,
        placeholder="Choose the section that is meant",
        key=key,
        help=help_text,
        on_change=lambda: _take(incoming, **{field: session.shown(key)}),
    )


def _take(incoming: Incoming, **changes: Any) -> None:
    work.end_work_on(incoming)
    name = {} if "table_section" in changes else {"name": ""}
    state.change_incoming(source=dataclasses.replace(incoming.source, **changes), asked=False, each=False, **name)


def saved(paths: Sequence[Path]) -> None:
    """Say which samples were saved."""
    names = ", ".join(f"**{as_markdown(path.stem)}**" for path in paths)
    st.success(f"Saved as {counted(len(paths), 'sample')}: {names}. Open them in Tune.")
