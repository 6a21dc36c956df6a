"""What domains start from beside strokes: annotated sections whose layers this one gets by name, a saved reference, or marker genes."""

from collections.abc import Callable

import streamlit as st

from core import reference
from core.annotation import Region
from core.errors import DomainsError
from core.io.lab import SampleSummary
from core.layer_names import display_name
from core.marker_table import MarkerTable
from core.reference import Reference
from core.sample import Sample
from ui.data import compute, teaching
from ui.shell import guards, marker_tables, session
from ui.shell import teaching as starts
from ui.shell.buttons import on_primary
from ui.shell.drawing import pictures
from ui.shell.guards import as_markdown
from ui.shell.teaching import Start

KINDS = {
    "": "Strokes alone",
    "sections": "Annotated sections",
    "model": "A saved reference",
    "markers": "Marker genes",
}


def sections_of(file: str, start: Start) -> list[SampleSummary]:
    """Look up the annotated sections that are chosen and are still here, but for the sample itself."""
    return [summary for summary in _others(file) if summary.path.name in start.files]


def is_ready(file: str, start: Start) -> bool:
    """Whether what is chosen for a sample is learnt, or cannot be, as :func:`taught` says."""
    try:
        return start.kind != "sections" or teaching.is_learnt(sections_of(file, start))
    except DomainsError:  # of a section that can be read no more
        return True


def taught(file: str, start: Start) -> tuple[Reference | None, MarkerTable | None]:
    """Take what is chosen for a sample: a reference, marker genes, or neither; learn the reference where nobody did yet."""
    if start.kind == "sections":
        chosen = sections_of(file, start)
        return (teaching.reference(chosen) if chosen else None), None
    return start.model, start.markers


def check(summary: SampleSummary, start: Start) -> None:
    """Raise why a sample cannot start from something, before anything is changed for it."""
    teaching.check(summary, *taught(summary.path.name, start))


def names(file: str) -> list[str]:
    """List the domains that are taught, as people read them."""
    return [display_name(name) for one in taught(file, starts.start(file)) if one is not None for name in one.names]


def regions(names: list[str], sample: Sample) -> tuple[Region, ...]:
    """Make domains to paint, each of a colour of its own."""
    found: tuple[Region, ...] = ()
    for name in dict.fromkeys(names):
        found = (*found, Region(name, pictures.new_colour(name, found, sample)))
    return found


def choice(summary: SampleSummary, kind: str, then: Callable[[], None]) -> None:
    """Ask what to start from, for one kind of it, and start; `then` is called once it is chosen."""
    if kind == "sections":
        _sections(summary, then)
    elif kind == "model":
        _model(summary, then)
    else:
        _markers(summary, then)


def _others(file: str) -> list[SampleSummary]:
    return [one for one in compute.samples() if not one.problem and one.path.name != file]


def _sections(summary: SampleSummary, then: Callable[[], None]) -> None:
    file, key = summary.path.name, session.widget_key("guide", "sections")
    others = {one.path.name: one for one in starts.annotated(_others(file))}
    if not others:
        st.caption("There is no other annotated section here: import one on Add data, or choose a saved reference.")
        return
    chosen = st.multiselect(
        "Annotated sections",
        list(others),
        default=[one for one in starts.start(file).files if one in others]
        or starts.suggested(summary, [*others.values()]),
        format_func=lambda one: others[one].name,
        key=key,
        placeholder="Choose one or several",
        help="This section gets their layers by name. Genes are matched by name; this section's own annotation plays no part.",
    )
    _start_button(summary, "sections", Start(kind="sections", files=tuple(chosen)), then, ready=bool(chosen))


def _model(summary: SampleSummary, then: Callable[[], None]) -> None:
    given = st.file_uploader(
        "Saved reference",
        type="json",
        key=session.widget_key("guide", "model"),
        help="What `python -m core learn`, or Export on this page, has written.",
    )
    model = None
    if given is not None:
        with guards.shown_as_message():
            model = teaching.of_file(given.getvalue()[: reference.MAX_BYTES + 1], given.name)
            st.caption(as_markdown(f"Learnt from {model.in_words()}."))
    _start_button(summary, "model", Start(kind="model", model=model), then, ready=model is not None)


def _markers(summary: SampleSummary, then: Callable[[], None]) -> None:
    start = starts.NOTHING
    with guards.shown_as_message():
        if text := marker_tables.ask("guide", starts.start(summary.path.name).table):
            table = marker_tables.named(text)
            for note in (*marker_tables.source(table), *table.notes):
                st.caption(as_markdown(note))
            start = Start(kind="markers", table=text)
    _start_button(summary, "markers", start, then, ready=bool(start.kind))


def _start_button(summary: SampleSummary, kind: str, start: Start, then: Callable[[], None], *, ready: bool) -> None:
    def act() -> None:
        with guards.kept_for_the_page():
            check(summary, start)
            starts.choose(summary.path.name, start)
            then()

    st.button(
        on_primary("Start", disabled=not ready),
        key=session.widget_key("guide", "start", kind),
        type="primary",
        icon=":material/auto_awesome:",
        disabled=not ready,
        on_click=act,
    )
