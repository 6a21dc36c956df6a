"""The Guide page: strokes on the left map, the domains that follow them on the right one."""

import dataclasses

import streamlit as st

from core.errors import DomainsError
from core.io.lab import SampleSummary
from ui.data import compute, turns
from ui.data.seats import Person
from ui.guide import asking, beginning, cards, exports, found, keeping, maps, start, state, stroke_files, strokes
from ui.guide.address import PART, carries
from ui.guide.found import Found
from ui.guide.strokes import Painted
from ui.shell import address, guards, sample_view, session, sweeping
from ui.shell import teaching as starts
from ui.shell.drawing import regions
from ui.shell.drawing.regions import Words
from ui.shell.guards import as_markdown

_RATIO = [2.6, 1]
_DOMAINS = Words(
    many="Domains",
    one="domain",
    free="not painted.",
    shapes=False,
    of_another="These strokes are {}'s: Paint on takes a copy of your own.",
)
_NOT_BEGUN = dataclasses.replace(
    _DOMAINS,
    of_another="Nobody has painted here yet: Paint on begins strokes of your own, which correct these domains.",
)
_OF_RUN = dataclasses.replace(_DOMAINS, of_another="These strokes are a kept run's: Paint on takes a copy of your own.")


def page(summary: SampleSummary) -> None:
    """Show the strokes of a sample and what follows them; where there are none yet, ask which domains will be painted."""
    if starts.takes_click(summary.path.name):
        _begin_taught(summary)
    if (of_run := strokes.of_run(summary)) is not None:
        _guiding(summary, of_run)
    elif shown_id := strokes.shown_id(summary):
        state.choose(summary.path.name, shown_id)
        _guiding(summary, strokes.of_id(summary, shown_id))
    elif starts.start(summary.path.name).kind:
        _taught_elsewhere(summary)
    else:
        _beginning(summary)


def _begin_taught(summary: SampleSummary) -> None:
    """Begin strokes with what somebody chose on another page; strokes of theirs that are here stay, as corrections."""
    file = summary.path.name
    state.choose(file, "")
    regions = start.regions(start.names(file), compute.sample(summary))
    if own := strokes.shown_id(summary):
        strokes.add_domains(summary, strokes.of_id(summary, own).annotation, regions)
    else:
        strokes.begin(summary, regions)
    guards.show_refusal()


def _taught_elsewhere(summary: SampleSummary) -> None:
    """Show what a link has chosen, which writes nothing; where it cannot be, say why and ask for something else."""
    file = summary.path.name
    try:
        with st.spinner("Learning from the sections", show_time=True):
            start.check(summary, starts.start(file))
            regions = start.regions(start.names(file), compute.sample(summary))
    except DomainsError as error:
        st.error(as_markdown(str(error)))
        starts.choose(file, starts.NOTHING)
        _beginning(summary)
        return
    _missing_strokes(summary)
    _guiding(summary, strokes.not_begun(summary, regions))


def _beginning(summary: SampleSummary) -> None:
    _missing_strokes(summary)
    beginning.page(summary)
    address.write(summary.path.name, PART)


def _missing_strokes(summary: SampleSummary) -> None:
    if state.asked_for(summary.path.name):
        st.warning(
            "The strokes that the link asks for are not here: they may have been deleted, or are of another sample."
        )


@st.fragment
def _guiding(summary: SampleSummary, painted: Painted) -> None:
    """Show the maps, and what is done with them; a stroke draws this part alone."""
    if not _is_asked_for(summary, painted):
        st.rerun()  # others were taken over or opened: the page decides which
    with turns.of_redraws().taken(Person.here()), guards.shown_as_message():
        if painted.run is None and painted.begun:
            painted = strokes.of_id(summary, painted.annotation.id)
        shown = found.look(summary, painted)
        sweeping.offer(summary.path.name, shown.guidance)
        _header(summary, shown)
        guards.show_refusal()
        left, right = st.columns(_RATIO, gap="medium")
        with left:
            maps.draw(summary, shown)
            cards.cards(shown)
            _uncarried(summary, painted)
        with right, st.container(key="guide-side"):
            _beside_the_maps(summary, shown)
        address.write(summary.path.name, PART)
        _find_later(summary, shown)


def _uncarried(summary: SampleSummary, painted: Painted) -> None:
    """Say what a reload of the page forgets."""
    chosen = starts.start(summary.path.name)
    if painted.run is None and not carries(chosen):
        what = "This table is too long for a link" if chosen.kind == "markers" else "A saved reference is in no link"
        st.caption(
            f":material/info: {what}, and a reload of the page forgets it; your strokes stay. Keep it as a run, whose link brings it back."
        )


def _is_asked_for(summary: SampleSummary, painted: Painted) -> bool:
    file = summary.path.name
    if painted.run is not None:
        return state.run(file) == painted.run.id
    if not painted.begun:
        return not state.run(file) and not strokes.shown_id(summary)
    return not state.run(file) and state.asked_for(file) == painted.annotation.id


def _header(summary: SampleSummary, shown: Found) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Guide", anchor=False, width="content")
        sample_view.badges(shown.bare)
        keeping.badge(shown)
        st.space("stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            _start_popover(summary, shown)
            keeping.popover(shown)
            exports.popover(shown)
            _sweep_button(summary, shown)
        _beside_picker(shown)


def _start_popover(summary: SampleSummary, shown: Found) -> None:
    """Offer to start from something else; strokes stay, as corrections."""
    if not shown.painted.mine:
        return
    file, now = summary.path.name, starts.start(summary.path.name)
    with st.popover(
        f"From {start.KINDS[now.kind].lower()}" if now.kind else "Start from",
        key=session.widget_key("guide", "start from"),
        icon=":material/auto_awesome:",
        type="tertiary",
        help="Bring in the layers of annotated sections, or marker genes; what is painted corrects them.",
    ):
        kind = st.radio(
            "Start from", list(start.KINDS), index=list(start.KINDS).index(now.kind),
            format_func=start.KINDS.__getitem__, key=session.widget_key("guide", "from now"),
        )  # fmt: skip
        if kind:
            start.choice(summary, kind, lambda: _start_again(summary, shown))
        elif now.kind:
            st.button(
                "Follow strokes alone",
                key=session.widget_key("guide", "strokes alone"),
                on_click=starts.choose,
                args=(file, starts.NOTHING),
            )


def _start_again(summary: SampleSummary, shown: Found) -> None:
    with guards.kept_for_the_page():
        regions = start.regions(start.names(summary.path.name), shown.sample)
        strokes.add_domains(summary, shown.painted.annotation, regions)


def _sweep_button(summary: SampleSummary, shown: Found) -> None:
    if st.button(
        "Sweep",
        key=session.widget_key("guide", "sweep"),
        icon=":material/grid_view:",
        type="tertiary",
        disabled=shown.result is None,
        help="Try many settings at once, with runs that follow the same.",
    ):
        sweeping.want(summary.path.name, True)
        st.switch_page("pages/sweep.py")


def _beside_picker(shown: Found) -> None:
    kinds = [kind for kind in state.BESIDE if kind != "annotation" or shown.sample.labels_true is not None]
    session.show_unless_shown(state.BESIDE_KEY, state.beside() if state.beside() in kinds else state.FIRST, *kinds)
    st.segmented_control(
        "Beside the strokes",
        kinds,
        required=True,
        format_func=state.BESIDE.__getitem__,
        key=state.BESIDE_KEY,
        label_visibility="collapsed",
        on_change=lambda: state.show_beside(session.shown(state.BESIDE_KEY)),
    )


def _beside_the_maps(summary: SampleSummary, shown: Found) -> None:
    painted = shown.painted
    if painted.mine:
        asking.box(summary, shown)
    else:
        _take_over(summary, painted)
    regions.panel(summary, painted.kept, mine=painted.mine, words=_words(painted))
    if painted.mine:
        stroke_files.popover(summary, painted.annotation)
        _clear(summary, painted)


def _words(painted: Painted) -> Words:
    if painted.run is not None:
        return _OF_RUN
    return _DOMAINS if painted.begun else _NOT_BEGUN


def _take_over(summary: SampleSummary, painted: Painted) -> None:
    st.button(
        "Paint on",
        key=session.widget_key("guide", "take over"),
        icon=":material/brush:",
        help="Take a copy of these strokes as your own; undo brings back those that you had.",
        on_click=strokes.take_over,
        args=(summary, painted.annotation, painted.start),
    )


def _clear(summary: SampleSummary, painted: Painted) -> None:
    st.button(
        "Clear all strokes",
        key=session.widget_key("guide", "clear"),
        icon=":material/ink_eraser:",
        type="tertiary",
        disabled=not (painted.annotation.assigned >= 0).any(),
        help="The domains stay; this can be undone.",
        on_click=strokes.clear,
        args=(summary, painted.annotation),
    )


def _find_later(summary: SampleSummary, shown: Found) -> None:
    """Prepare the tissue once the maps are there to paint on, and draw the page again."""
    if not shown.is_prepared and shown.can_be_found:
        with st.spinner("Preparing the tissue", show_time=True):
            found.find(summary, shown.painted)
        st.rerun()
