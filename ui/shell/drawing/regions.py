"""The regions of an annotation beside its map: which one is drawn, its name and colour, and what is done with it; undo and redo."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.annotation import Annotation
from core.annotation_history import Kept
from core.annotation_steps import Step
from core.io.lab import SampleSummary
from core.people import called
from core.region_names import MAX_NAME
from core.text import counted
from ui.data import compute
from ui.shell import guards, session
from ui.shell.buttons import icon_button
from ui.shell.drawing import acting, remembered
from ui.shell.drawing.pictures import colour_to_keep, new_colour, shades
from ui.shell.guards import as_markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What regions are called, and whether they have shapes to grow, fill and join."""

    many: str = "Regions"
    one: str = "region"
    free: str = "in no region, which count as not annotated."
    shapes: bool = True
    of_another: str = "This annotation is {}'s: take a copy to change it."


REGIONS = Words()


def panel(summary: SampleSummary, kept: Kept, *, mine: bool, words: Words = REGIONS) -> None:
    """Show the regions, and offer to change them where the annotation is the user's."""
    annotation = kept.annotation
    _head(kept, words, mine=mine)
    if mine:
        _steps(summary, kept)
    else:
        st.info(words.of_another.format(as_markdown(called(annotation.author)) or "nobody"))
    index = remembered.active(annotation)
    _list(summary, annotation, index, words)
    if not mine:
        return
    _new(summary, annotation, words)
    if index >= 0:
        _active(summary, annotation, index, words)


def _head(kept: Kept, words: Words, *, mine: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(words.many, anchor=False, width="content")
        st.space("stretch")
        if mine:
            st.caption(f"Saved {kept.annotation.changed.astimezone(_zone()):%H:%M}", width="content")


def _steps(summary: SampleSummary, kept: Kept) -> None:
    done, taken_back = (steps[-1].what if steps else "" for steps in (kept.done, kept.taken_back))
    with st.container(horizontal=True, gap="small", key="region-steps"):
        _step_button(summary, kept.annotation, "Undo", "ctrl+z", done)
        _step_button(summary, kept.annotation, "Redo", "ctrl+shift+z", taken_back)


def _zone() -> tzinfo:
    """Find the time zone of the viewer's browser."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):  # a browser may say anything
        return UTC


def _step_button(summary: SampleSummary, annotation: Annotation, name: str, keys: str, what: str) -> None:
    def act() -> None:
        acting.change(
            summary,
            annotation,
            lambda there, me: (there.undo if name == "Undo" else there.redo)(annotation.id, me),
        )

    st.button(
        name,
        key=session.widget_key("annotation", name.lower()),
        icon=f":material/{name.lower()}:",
        type="tertiary",
        shortcut=keys,
        help=as_markdown(what) or f"Nothing to {name.lower()}",
        # Enabled also with nothing to undo: what was drawn a moment ago may not have arrived yet.
        disabled=name == "Redo" and not what,
        on_click=act,
    )


def _list(summary: SampleSummary, annotation: Annotation, index: int, words: Words) -> None:
    if not annotation.regions:
        st.caption(f"There is no {words.one} yet.")
        return
    key, names = session.widget_key("region", annotation.id, str(remembered.n_lists(annotation.id))), annotation.names
    session.show(key, names[index])
    sizes, shown = dict(zip(names, annotation.sizes, strict=True)), shades(annotation)

    def activate() -> None:
        acting.take(summary)
        remembered.activate(annotation.id, session.shown(key))

    st.radio(
        f"{words.many}, choose the one to draw",
        names,
        key=key,
        label_visibility="collapsed",
        format_func=lambda name: (
            f':color[■]{{foreground="{shown.get(name, "#808080")}"}} {as_markdown(name)} :gray[{sizes.get(name, 0):,}]'
        ),
        on_change=activate,
    )
    n_free = int((annotation.assigned < 0).sum())
    st.caption(f"{counted(n_free, 'spot')} {words.free}")


def _new(summary: SampleSummary, annotation: Annotation, words: Words) -> None:
    key = session.widget_key("region", "new", annotation.id, str(remembered.n_lists(annotation.id)))

    def act() -> None:
        name = str(st.session_state.get(key) or "").strip() or _free_name(annotation, words)
        with guards.kept_for_the_page():
            colour = new_colour(name, annotation.regions, compute.file_sample(summary))
            acting.step(summary, annotation, Step(kind="new region", name=name, colour=colour))
        remembered.activate_for_user(annotation.id, name)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", wrap=False):
        st.text_input(
            f"New {words.one}",
            key=key,
            placeholder=_free_name(annotation, words),
            max_chars=MAX_NAME,
            on_change=act,
        )
        icon_button(
            f"Add {words.one}",
            ":material/add_circle:",
            key=session.widget_key("region", "add"),
            help=f"Add a {words.one} and draw it",
            disabled=False,
            on_click=act,
        )


def _free_name(annotation: Annotation, words: Words) -> str:
    numbers = range(1, len(annotation.regions) + 2)
    return next(
        name for name in (f"{words.one.capitalize()} {number}" for number in numbers) if name not in annotation.names
    )


def _active(summary: SampleSummary, annotation: Annotation, index: int, words: Words) -> None:
    region = annotation.regions[index]
    name, colour = (session.widget_key("region", part, annotation.id, region.name) for part in ("name", "colour"))
    session.show_unless_shown(name, region.name)
    session.show_unless_shown(
        colour, shades(annotation)[region.name].lower()
    )  # as the map beside shows it, in either theme

    def rename() -> None:
        wanted = str(session.shown(name) or "").strip()
        if wanted and wanted != region.name:
            acting.step(summary, annotation, Step(kind="rename", region=index, name=wanted))
            remembered.activate_for_user(annotation.id, wanted)

    def recolour() -> None:
        chosen = colour_to_keep(str(session.shown(colour)))
        acting.step(summary, annotation, Step(kind="recolour", region=index, colour=chosen))

    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", wrap=False):
            st.text_input("Name", key=name, max_chars=MAX_NAME, on_change=rename)
            st.color_picker("Colour", key=colour, on_change=recolour)
        with st.container(horizontal=True, gap="xsmall"):
            if words.shapes:
                _act(
                    summary,
                    annotation,
                    "Grow",
                    "Add the free spots around the region: one ring",
                    Step(kind="grow", region=index),
                )
                _act(
                    summary,
                    annotation,
                    "Fill holes",
                    "Add the free spots that the region encloses",
                    Step(kind="fill", region=index),
                )
            _act(
                summary,
                annotation,
                "Remove",
                f"Remove the {words.one}; its spots are free again",
                Step(kind="remove region", region=index),
            )
        if words.shapes:
            _merge(summary, annotation, index)


def _act(summary: SampleSummary, annotation: Annotation, name: str, help_text: str, step: Step) -> None:
    st.button(
        name,
        key=session.widget_key("region", name.lower()),
        type="tertiary",
        help=help_text,
        on_click=lambda: acting.step(summary, annotation, step),
    )


def _merge(summary: SampleSummary, annotation: Annotation, index: int) -> None:
    others = [name for name in annotation.names if name != annotation.names[index]]
    if not others:
        return
    key = session.widget_key("region", "merge", annotation.id)
    session.show(key, None)

    def act() -> None:
        if (into := session.shown(key)) in annotation.names:
            acting.step(summary, annotation, Step(kind="merge", region=annotation.names.index(into), other=index))
            remembered.activate_for_user(annotation.id, into)

    st.selectbox("Join with", others, index=None, key=key, placeholder="Another region", on_change=act)
