"""Which annotation is shown, in the sidebar: the list with author, date and note; new, copy, rename, delete with undo."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.annotation import MAX_NOTE, Annotation
from core.io.annotation_store import Entry
from core.io.lab import SampleSummary
from core.region_names import MAX_NAME
from core.text import shown
from ui.annotate import beginning, starting, state
from ui.annotate.beside import Predicted
from ui.data import annotations, user
from ui.shell import session
from ui.shell.drawing import acting
from ui.shell.guards import as_markdown


def shown_one(summary: SampleSummary, listed: list[Entry]) -> Annotation | None:
    """Decide which annotation is shown: the one that is asked for, else the user's last one, else the first; None where there is none."""
    there = {entry.id: entry.annotation for entry in listed if entry.annotation is not None}
    own = [annotation for annotation in there.values() if annotations.author_of(annotation) is not None]
    latest = max(own, key=lambda annotation: annotation.changed, default=None)
    return there.get(state.asked_for(summary.path.name)) or latest or next(iter(there.values()), None)


def sidebar(summary: SampleSummary, listed: list[Entry], annotation: Annotation | None, found: Predicted) -> None:
    """Ask which annotation is shown, and offer what can be done with it."""
    there = {entry.id: entry.annotation for entry in listed if entry.annotation is not None}
    if annotation is not None:
        _picker(summary, there, annotation)
        _facts(annotation)
        with st.container(horizontal=True, gap="xsmall"):
            with _together():  # two by two where all four have no room, so that none stands alone
                _new(summary, found, len(there))
                _copy(summary, annotation)
            with _together():
                _describe(summary, annotation)
                _delete(summary, annotation)
    _take_back(summary)
    for entry in listed:
        if entry.problem:
            st.warning(as_markdown(entry.problem))


def _together() -> DeltaGenerator:
    return st.container(horizontal=True, gap="xsmall", width="content", wrap=False)


def _picker(summary: SampleSummary, there: dict[str, Annotation], annotation: Annotation) -> None:
    key = session.widget_key("annotation")
    titles = {name: each.title for name, each in there.items()}
    session.show_unless_shown(key, annotation.id, *titles.items())

    def choose() -> None:
        acting.take(summary)
        state.choose(summary.path.name, session.shown(key))

    st.selectbox(
        "Annotation",
        list(titles),
        format_func=lambda one: titles.get(one, ""),
        key=key,
        on_change=choose,
        help="Each is changed by its author alone; take a copy to go on from another's.",
    )


def _facts(annotation: Annotation) -> None:
    parts = [f"{annotation.created:%d %b %Y}", shown(annotation.source)]
    st.caption(as_markdown(" · ".join(parts)))
    if annotation.note:
        st.caption(as_markdown(annotation.note))


def _new(summary: SampleSummary, found: Predicted, n_there: int) -> None:
    with st.popover("New", key=session.widget_key("annotation", "new"), icon=":material/add:", type="tertiary"):
        starting.form(summary, found, n_there)


def _copy(summary: SampleSummary, annotation: Annotation) -> None:
    def act() -> None:
        kept = annotations.store(summary).copy(annotation, user.who())
        state.choose(summary.path.name, kept.annotation.id)

    st.button(
        "Copy",
        key=session.widget_key("annotation", "copy"),
        icon=":material/content_copy:",
        type="tertiary",
        help="Take a copy of your own",
        on_click=lambda: acting.do(summary, act),
    )


def _describe(summary: SampleSummary, annotation: Annotation) -> None:
    mine = annotations.author_of(annotation) is not None
    with st.popover(
        "Name",
        key=session.widget_key("annotation", "describe"),
        icon=":material/edit:",
        type="tertiary",
        disabled=not mine,
    ):
        name, note = (session.widget_key("annotation", part, annotation.id) for part in ("name", "note"))
        session.show(name, annotation.name)
        session.show(note, annotation.note)

        def rename() -> None:
            wanted = str(session.shown(name) or "").strip() or annotation.name
            acting.change(summary, annotation, lambda there, me: there.describe(annotation.id, me, name=wanted))

        def write_note() -> None:
            text = str(session.shown(note) or "")
            acting.change(summary, annotation, lambda there, me: there.describe(annotation.id, me, note=text))

        st.text_input("Name of the annotation", key=name, max_chars=MAX_NAME, on_change=rename)
        st.text_area("Note", key=note, max_chars=MAX_NOTE, on_change=write_note)


def _delete(summary: SampleSummary, annotation: Annotation) -> None:
    def act() -> None:
        file = summary.path.name
        annotations.store(summary).delete(annotation.id, annotations.author_of(annotation) or user.who())
        state.delete(file, annotation)

    st.button(
        "Delete",
        key=session.widget_key("annotation", "delete"),
        icon=":material/delete:",
        type="tertiary",
        disabled=annotations.author_of(annotation) is None,
        help="Delete the annotation; this can be undone",
        on_click=lambda: acting.do(summary, act),
    )


def _take_back(summary: SampleSummary) -> None:
    file = summary.path.name
    if (gone := state.deleted(file)) is None:
        return

    def act() -> None:
        beginning.begin(summary, gone)
        state.delete(file, None)

    st.caption(f"{as_markdown(gone.name)} was deleted.")
    st.button(
        "Undo delete",
        key=session.widget_key("annotation", "take back"),
        icon=":material/undo:",
        type="tertiary",
        on_click=lambda: acting.do(summary, act),
    )
