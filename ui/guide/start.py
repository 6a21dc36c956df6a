"""What domains start from beside strokes: annotated sections whose layers this one gets by name, a saved reference, or marker genes."""

from collections.abc import Callable

import streamlit as st

from core import reference
from core.annotation import Region
from core.io.lab import SampleSummary
from core.known_markers import KNOWN
from core.layer_names import display_name
from core.marker_table import MarkerTable
from core.reference import Reference
from core.sample import Sample
from core.text import sentence_case
from ui.data import compute, teaching, truth
from ui.shell import guards, session
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

_OWN_TABLE = "own"
_EXAMPLE = "Layer 4, RORB VAMP1\nWhite matter, MBP MOBP"


def sections_of(file: str, start: Start) -> list[SampleSummary]:
    """Look up the annotated sections that are chosen and are still here, but for the sample itself."""
    return [summary for summary in _others(file) if summary.path.name in start.files]


def is_ready(file: str, start: Start) -> bool:
    """Whether what is chosen for a sample is learnt."""
    return start.kind != "sections" or teaching.is_learnt(sections_of(file, start))


def taught(file: str, start: Start) -> tuple[Reference | None, MarkerTable | None]:
    """Take what is chosen for a sample: a reference, marker genes, or neither; learn the reference where nobody did yet."""
    if start.kind == "sections":
        chosen = sections_of(file, start)
        return (teaching.reference(chosen) if chosen else None), None
    return start.model, start.markers


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


def _is_annotated(summary: SampleSummary) -> bool:
    return summary.annotated or truth.chosen(summary.path.name) not in (truth.OWN, truth.NONE)


def _sections(summary: SampleSummary, then: Callable[[], None]) -> None:
    file, key = summary.path.name, session.widget_key("guide", "sections")
    others = {one.path.name: one for one in _others(file) if _is_annotated(one)}
    if not others:
        st.caption("There is no other annotated section here: import one on Add data, or choose a saved reference.")
        return
    chosen = st.multiselect(
        "Annotated sections",
        list(others),
        default=[one for one in starts.start(file).files if one in others],
        format_func=lambda one: others[one].name,
        key=key,
        placeholder="Choose one or several",
        help="This section gets their layers by name. Genes are matched by name; this section's own annotation plays no part.",
    )
    _start_button(summary, Start(kind="sections", files=tuple(chosen)), then, ready=bool(chosen))


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
            model = reference.from_json(given.getvalue()[: reference.MAX_BYTES + 1])
            st.caption(as_markdown(f"Learnt from {model.in_words()}."))
    _start_button(summary, Start(kind="model", model=model), then, ready=model is not None)


def _markers(summary: SampleSummary, then: Callable[[], None]) -> None:
    key, now = session.widget_key("guide", "table"), starts.start(summary.path.name).table
    kinds = [*KNOWN, _OWN_TABLE]
    kind = st.selectbox(
        "Marker genes",
        kinds,
        index=kinds.index(now) if now in kinds else len(kinds) - 1 if now else 0,
        format_func=lambda name: "A table of your own" if name == _OWN_TABLE else name.replace("-", " ").capitalize(),
        key=key,
    )
    table = str(kind)
    if kind == _OWN_TABLE:
        table = st.text_area(
            "Domains and genes",
            value="" if now in KNOWN else now,
            placeholder=_EXAMPLE,
            key=session.widget_key("guide", "own table"),
            help="A line for each domain: its name, then its genes. Paste a CSV or TSV table.",
        )
    else:
        st.caption(as_markdown(sentence_case(KNOWN[table].source)))
    start = Start(kind="markers", table=table)
    _start_button(summary, start, then, ready=bool(table.strip()) and _is_table(start))


def _is_table(start: Start) -> bool:
    with guards.shown_as_message():
        if (table := start.markers) is not None:
            for note in table.notes:
                st.caption(as_markdown(note))
            return True
    return False


def _start_button(summary: SampleSummary, start: Start, then: Callable[[], None], *, ready: bool) -> None:
    def act() -> None:
        starts.choose(summary.path.name, start)
        then()

    st.button(
        on_primary("Start", disabled=not ready),
        key=session.widget_key("guide", "start", start.kind),
        type="primary",
        icon=":material/auto_awesome:",
        disabled=not ready,
        on_click=act,
    )
