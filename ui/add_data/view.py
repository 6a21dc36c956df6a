"""Review and save a source on the Add data page: its checks, the choices, and a preview of the sample.

A separate process reads files from outside; the server itself never does. Until the sample is saved, its files stay in a
private folder, which is deleted when the session ends.
"""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core.folders import samples_folder
from core.io import importing, lab
from core.io.drafts import stem
from core.io.incoming import ImportChoices, Survey
from core.sample import Sample
from core.text import counted, shown
from core.work.board.board import Job, JobStatus
from ui.add_data import sections, state, work
from ui.add_data.state import Incoming
from ui.data import compute
from ui.shell import forms, guards, session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown
from ui.shell.job_progress import watch

Preview = Callable[[Sample], None]
"""Shows a sample as it would be saved."""

_MARKS = {
    "good": ":green[:material/check_circle:]",
    "notice": ":orange[:material/info:]",
    "bad": ":red[:material/cancel:]",
}
_TABLES = ["csv", "tsv", "txt", "csv.gz"]


def source(incoming: Incoming, preview: Preview) -> None:
    """Show what was found in a source, the choices, and the resulting sample."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(as_markdown(shown(incoming.source.called)), color="blue")
        st.space("stretch")
        st.button(
            "Choose something else",
            key=session.widget_key("drop"),
            type="tertiary",
            icon=":material/undo:",
            help="Discard this source. Nothing of it is kept.",
            on_click=_drop,
            args=(incoming,),
        )
    survey_job = functools.partial(work.survey, incoming)
    _when_done(incoming, survey_job, "check", lambda survey: _found(incoming, survey, preview))


def _drop(incoming: Incoming) -> None:
    work.end_work_on(incoming)
    state.drop_incoming()


def _when_done(incoming: Incoming, find: Callable[..., Job], name: str, then: Callable[[Any], None]) -> None:
    """Show a job of this source while it runs, and its result afterwards."""
    job = find()
    if job.status is JobStatus.DONE:
        then(job.result)
    elif not job.finished:
        watch(job.id, name)
    else:
        st.error(_with_user_name(incoming, job.error or f"The {name} was cancelled."))
        if st.button("Try again", key=session.widget_key("again", name), help=_AGAIN):
            find(anew=True)
            st.rerun()


_AGAIN = "Try again, for example after you have corrected the file."


def _with_user_name(incoming: Incoming, text: str) -> str:
    """Put the user's name of the file into a message, instead of the internal name of an upload."""
    return as_markdown(text.replace(incoming.source.path.name, shown(incoming.source.called)))


def _found(incoming: Incoming, survey: Survey, preview: Preview) -> None:
    incoming = _with_suggestions(incoming, survey)
    facts, picture = st.columns([1, 2], gap="small")
    with facts:
        _checks(incoming, survey)
        sections.pickers(incoming, survey)
        if survey.importable:
            _choices(incoming, survey)
    with picture:
        if incoming.each:
            saving = functools.partial(work.bring_each, incoming, tuple(survey.sections))
            _when_done(incoming, saving, "import", sections.saved)
        elif survey.importable:
            prepare = functools.partial(work.prepare, incoming)
            _when_done(incoming, prepare, "preview", lambda path: _prepared(incoming, path, preview))


def _with_suggestions(incoming: Incoming, survey: Survey) -> Incoming:
    if incoming.asked:
        return incoming
    choices = dataclasses.replace(incoming.choices, annotation=survey.suggested_annotation)
    state.change_incoming(choices=choices, name=incoming.name or _suggested_name(incoming, survey), asked=True)
    return state.incoming() or incoming


def _suggested_name(incoming: Incoming, survey: Survey) -> str:
    ours = stem(incoming.source.path.name)
    return importing.safe_name(stem(incoming.source.called) if ours in survey.name else survey.name)


def _checks(incoming: Incoming, survey: Survey) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{as_markdown(survey.kind)}**")
        for check in survey.checks:
            st.markdown(
                f"{_MARKS[check.status]} **{as_markdown(check.what)}**: {_with_user_name(incoming, check.found)}"
            )
            if check.advice:
                st.caption(_with_user_name(incoming, check.advice))
        if not survey.importable and (survey.sections or survey.table_sections):
            st.info("Choose below which is meant.")
        elif not survey.importable:
            st.error("This cannot be imported as it is. The lines marked in red say why, and what to do.")


def _choices(incoming: Incoming, survey: Survey) -> None:
    _annotation_picker(incoming, survey)
    names = ["genes"] + ["n_genes"] * (incoming.choices.genes == "variable") + ["positions"] * survey.contradicts
    forms.record("import", incoming.choices, names, functools.partial(_take, incoming))
    if survey.layers:
        _layer_picker(incoming, survey)
    with st.expander("More"):
        forms.record("import", incoming.choices, ["um_per_unit"], functools.partial(_take, incoming))
        _table_of_labels(incoming)


def _take(incoming: Incoming, choices: ImportChoices) -> None:
    work.end_work_on(incoming)
    state.change_incoming(choices=choices)


def _annotation_picker(incoming: Incoming, survey: Survey) -> None:
    n_classes = survey.annotations
    _pick(
        incoming,
        "annotation",
        "Annotation",
        list(n_classes),
        lambda name: (
            "None" if name is None else f"{shown(name)} ({counted(n_classes.get(name, 0), 'class', 'classes')})"
        ),
        "Labels to score against. The method never sees them.",
    )


def _layer_picker(incoming: Incoming, survey: Survey) -> None:
    help_text = "The matrix that holds raw counts. Scaled or logarithmic values are refused."
    _pick(incoming, "layer", "Counts", list(survey.layers), lambda name: shown(name or "Default"), help_text)


def _pick(
    incoming: Incoming, field: str, label: str, names: list[str], called: Callable[[str | None], str], help_text: str
) -> None:
    """Ask for one of the names found in the source, or for none."""
    key = session.widget_key("import", field)
    session.show(key, getattr(incoming.choices, field))
    st.selectbox(
        label,
        [None, *names],
        format_func=called,
        placeholder=called(None),
        key=key,
        help=help_text,
        on_change=lambda: _take(incoming, dataclasses.replace(incoming.choices, **{field: session.shown(key)})),
    )


def _table_of_labels(incoming: Incoming) -> None:
    sent = st.file_uploader(
        "Annotation from a table",
        type=_TABLES,
        key=session.widget_key("import", "table"),
        help="A table of barcodes and labels with a header. The columns are recognized by their content.",
    )
    if sent is not None and sent.file_id != incoming.table_id:
        table = incoming.draft.take(sent, sent.name)
        source = dataclasses.replace(incoming.source, annotation_csv=table, table_section=None)
        state.change_incoming(source=source, table_id=sent.file_id, asked=False)
        st.rerun()


def _prepared(incoming: Incoming, path: Path, preview: Preview) -> None:
    sample = compute.file_sample(lab.peek(path))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = session.widget_key("import", "name")
        session.show(key, incoming.name)
        st.text_input(
            "Name",
            key=key,
            max_chars=importing.MAX_NAME,
            help="Letters, digits, dots, dashes and underscores. This is also the name of the sample's file.",
            on_change=lambda: state.change_incoming(name=importing.safe_name(session.shown(key))),
        )
        wanted = st.button(on_primary("Save"), key=session.widget_key("save"), type="primary", help=_SAVE)

    if wanted:
        with guards.shown_as_message():  # the preview stays below, so that the user can try again
            _save(incoming, path)
    preview(sample)


_SAVE = "Save it as a sample, which everyone on this server can see, and open it in Tune."


def _save(incoming: Incoming, path: Path) -> None:
    kept = importing.keep(path, samples_folder(), incoming.name)
    state.drop_incoming()
    session.choose_sample(kept.name)
    st.switch_page("pages/tune.py")
