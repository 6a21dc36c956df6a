"""Inside a domain, on Tune: a domain or a selection is clustered again, and what comes of it is kept as an annotation."""

import dataclasses

import numpy as np
import streamlit as st

from core import knobs, presets
from core.annotation_labels import from_labels
from core.errors import AnnotationError
from core.method.inside import MOST_PARTS
from core.region_names import MAX_NAME
from core.text import counted
from core.text import shown as quoted
from core.units import percent
from ui.data import annotations, user
from ui.shell import address, guards, maps, session
from ui.shell.charts import Chart
from ui.shell.guards import as_markdown
from ui.tune import selected, state
from ui.tune.inside_address import DIRECTION
from ui.tune.nested import Nested, as_map, nested
from ui.tune.shown import ShownResult, Split

_SELECTION = "Selected spots"
_MAP = session.widget_key("inside map")


def view(shown: ShownResult) -> Chart | None:
    """Ask for a domain, cluster it again, and show it beside the rest."""
    st.caption(
        "Clusters the spots of one domain, or those that a lasso holds, by the same method with a number and a direction of their own. "
        "The parts have shades of their domain's colour."
    )
    shown = _with_those_of_the_address(shown)
    sample, asked = shown.sample, shown.asked
    found = _found(shown)
    splits = asked.splits[: len(found.results)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _ask(shown, found, splits)
        st.button(
            "Undo",
            key=session.widget_key("undo parts"),
            icon=":material/undo:",
            disabled=not asked.splits,
            help="Join the parts that were found last.",
            on_click=state.keep_splits,
            args=(shown.partition, asked.splits[:-1]),
        )
    picture, words = st.columns([3, 2], gap="medium")
    with picture:
        maps.draw(
            _MAP,
            sample,
            [as_map(found, shown, "Inside")],
            shown.theme,
            on_selection=lambda: selected.take_lasso(sample, _MAP),
            choice=asked.selected.choice_for(_MAP),
        )
    with words:
        for split, result in zip(splits, found.results, strict=True):
            st.markdown(_in_words(split, result.labels, result.confidence))
        if any(split.by_hand for split in splits):
            st.caption(
                "The link does not hold parts of a selection: keep them as an annotation to show them to others."
            )
        if splits:
            params, inside = shown.params, ", ".join(dict.fromkeys(split.name for split in splits))
            made = f"domains of {presets.in_words(params)}, seed {params.clustering.random_state}, inside {inside}"
            _keep(found, f"Inside {inside}"[:MAX_NAME].strip(), made)
        else:
            st.caption("No domain is clustered again yet: choose one above.")
    return None


def _with_those_of_the_address(shown: ShownResult) -> ShownResult:
    """Take over what the address asks to be clustered again; a domain that is not here is said, and what came after it is left out."""
    asked = shown.asked
    if asked.splits or not asked.splits_of_address:
        return shown
    splits: tuple[Split, ...] = ()
    with guards.shown_as_message(), st.spinner("Clustering again", show_time=True):
        for wanted in asked.splits_of_address:
            found = nested(shown, splits)
            if wanted.name not in found.colours:
                _ignore(wanted.name)
                break
            spots = found.labels == wanted.name
            splits += (Split(name=wanted.name, spots=spots, n_parts=wanted.n_parts, direction=wanted.direction),)
    _keep_splits(shown.partition, splits)
    return dataclasses.replace(shown, asked=dataclasses.replace(asked, splits=splits))


def _ignore(name: str) -> None:
    sentence = (
        f"The address asks for parts of {quoted(name)}, but there is no such domain here: it may have had another name."
    )
    address.ignore([sentence])


def _keep_splits(partition: str, splits: tuple[Split, ...]) -> None:
    state.keep_splits(partition, splits)


def _found(shown: ShownResult) -> Nested:
    """Cluster what was asked for; why the last was refused is said until it is undone, or another is asked for."""
    splits = shown.asked.splits
    found = nested(shown, splits[:-1])
    with guards.shown_as_message(), st.spinner("Clustering again", show_time=True):
        found = nested(shown, splits)
    return found  # noqa: RET504 - without the last split where that was refused


def _ask(shown: ShownResult, found: Nested, splits: tuple[Split, ...]) -> None:
    lasso = shown.asked.selected.spots
    name = st.selectbox(
        "Domain",
        [*found.colours, *([_SELECTION] if lasso is not None else [])],
        key=session.widget_key("inside", "domain"),
        width=220,
        help="What to cluster again: a domain, a part of one, or the spots that a lasso holds.",
    )
    n_parts = st.number_input(
        "Parts", 2, MOST_PARTS, 2, key=session.widget_key("inside", "parts"), width=130, persist_state="session"
    )
    direction = _direction(shown)
    spots = np.zeros(shown.sample.n_spots, dtype=bool)
    spots[lasso if name == _SELECTION else found.labels == name] = True
    by_hand = name == _SELECTION
    new = Split(name=_called(name, splits), spots=spots, n_parts=n_parts, direction=direction, by_hand=by_hand)
    st.button(
        "Find parts",
        key=session.widget_key("find parts"),
        icon=":material/call_split:",
        on_click=state.keep_splits,
        args=(shown.partition, (*splits, new)),
    )


def _direction(shown: ShownResult) -> str:
    choices = knobs.declared(DIRECTION).metadata["choices"]
    return st.selectbox(
        "Direction",
        list(choices),
        index=list(choices).index(shown.params.direction.method),
        format_func=choices.__getitem__,
        key=session.widget_key("inside", "direction"),
        width=220,
        help="Across which line the parts follow one another; off where they do not lie in layers.",
        persist_state="session",
    )


def _called(name: str, splits: tuple[Split, ...]) -> str:
    n_selections = sum(split.name.startswith("Selection ") for split in splits)
    return f"Selection {n_selections + 1}" if name == _SELECTION else name


def _in_words(split: Split, labels: np.ndarray, confidence: np.ndarray | None) -> str:
    sizes = sorted(np.unique(labels, return_counts=True)[1].tolist(), reverse=True)
    parts = ", ".join(f"{size:,}" for size in sizes)
    sure = (
        "" if confidence is None else f" Spots keep their part in {percent(float(confidence.mean()), 0)} of the fits."
    )
    return f"**{as_markdown(split.name)}**: {counted(len(sizes), 'part')} of {parts} spots.{sure}"


def _keep(found: Nested, suggested: str, source: str) -> None:
    """Keep the nested domains as an annotation, which is drawn on, compared and exported like any other."""
    with st.form(session.widget_key("keep inside", suggested), border=False):
        name = st.text_input(
            "Name of the annotation",
            suggested,
            max_chars=MAX_NAME,
            help="The nested domains become an annotation of this sample: it can be corrected by hand, with undo, compared with and exported "
            "like any other.",
        )
        kept = st.form_submit_button("Keep as annotation", icon=":material/bookmark_add:")
    if kept:
        with guards.shown_as_message():
            _save(found, name.strip(), source)
            st.success(f"Kept as the annotation {as_markdown(name.strip())}.")


def _save(found: Nested, name: str, source: str) -> None:
    store = annotations.of_file(address.shown_file())
    if store is None:
        raise AnnotationError("The file of this sample is not here any more, so nothing was kept.")
    order = list(found.colours)
    store.save(
        from_labels(found.labels, name=name, author=user.who(), source=source, colours=found.colours, order=order),
        user.who(),
    )
