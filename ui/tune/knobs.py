"""The form of Tune: every knob that takes part in the method, in the order of the steps."""

import functools
from collections.abc import Hashable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import units
from core.declarations import Group
from core.knobs import KnobPath, declared, in_groups, names, soonest_first, takes_part, value_at, value_in_words
from core.params import FOUND_WINDOW
from core.sample import Sample
from ui.data import compute
from ui.shell import address, fields, forms, session, terms
from ui.tune import parts, redraw, state

_EARLY: Sequence[Group] = ("pooling", "embedding", "reduction")
_LATE: Sequence[Group] = ("weight", "direction", "clusters", "refinement")
_MOST_LEFT_OVER = 12
_PRESET = "preset"  # name of its way back
_DIRECTION: KnobPath = ("direction", "method")
_ANGLE: KnobPath = ("direction", "angle")
_WINDOW: KnobPath = ("pooling", "window")


def early(sample: Sample) -> DeltaGenerator | None:
    """Ask for the knobs of the steps before clustering: pooling and embedding; give the place for the window that is found, if one is."""
    window = _those_that_take_part(sample, *_EARLY)
    if forms.params(sample).embedding.needs_training:
        with st.expander("Autoencoder"):
            _those_that_take_part(sample, "network")
    return window


def say_found_window(sample: Sample, line: DeltaGenerator | None) -> None:
    """Say below its knob which window the tissue asked for, if that is known; as high before, so that nothing moves."""
    if line is not None:
        window = state.found_window(sample)
        line.caption(f"Found for this tissue: {units.UNKNOWN if window is None else window}")


def late(sample: Sample) -> None:
    """Ask for the knobs that change only the clustering: weight, direction, clusters, read-out, seed, refinement, starts."""
    _those_that_take_part(sample, *_LATE)
    if forms.params(sample).clustering.by_kmeans:
        with st.expander("Starts"):
            _those_that_take_part(sample, "starts")


def clear_those_left_over() -> None:
    """Overwrite the knobs that another preset had below these: Streamlit would leave them there until all is computed."""
    for _ in range(_MOST_LEFT_OVER):
        st.empty()


def _those_that_take_part(sample: Sample, *groups: Group) -> DeltaGenerator | None:
    """Ask for knobs; give the place below the window for what is found."""
    window = None
    for group in groups:
        for path in soonest_first(in_groups(group)):
            if takes_part(forms.params(sample), path):
                _knob(sample, path)
                if path == _WINDOW and value_at(forms.params(sample), path) == FOUND_WINDOW:
                    window = st.empty()
                    say_found_window(sample, window)
    return window


def _knob(sample: Sample, path: KnobPath) -> None:
    """Ask for one knob: its widget, and the button that resets it to its default."""
    item, value = declared(path), value_at(forms.params(sample), path)
    default, key = _default(sample, path), session.widget_key(*path)
    of_default = "" if default is None else f" Default: {value_in_words(path, default)}."
    help_text = f"{item.metadata['help']}{of_default}{terms.more_on_knob(path)}"
    back_to = "Its default is not known yet" if default is None else f"Reset to {value_in_words(path, default)}"
    with forms.row():
        forms.ask(item, key, value, default, help_text, functools.partial(_take, sample, path, default))
        # Never disabled here: which of these buttons have something to undo is told below the preset.
        forms.back_button(_name(path), item.metadata["label"], back_to, False, _reset, sample, path)
    fields.refusal(key)


@st.fragment(key=redraw.MOVED)
def moved(sample: Sample) -> None:
    """Tell how many knobs are moved, and hide the ways back of those that are not.

    A part of its own, so that a knob that leaves its default, or returns to it, draws no more than this and the picture. It has
    no widgets: a press on a widget of a part waits for the part that is being drawn.
    """
    forms.tell_moved(sample)
    forms.hide_ways_back(_without_way_back(sample))
    parts.remember_moved(_told_of_moved(sample))


def _told_of_moved(sample: Sample) -> Hashable:
    return len(forms.moved(sample)), tuple(_without_way_back(sample))


def _without_way_back(sample: Sample) -> list[str]:
    there = [_name(path) for path in _taking_part(sample) if _at_default(sample, path)]
    return there if session.settings().changes else [*there, _PRESET]


def _at_default(sample: Sample, path: KnobPath) -> bool:
    default = _default(sample, path)
    return default is None or bool(value_at(forms.params(sample), path) == default)


def _name(path: KnobPath) -> str:
    return ".".join(path)


def _default(sample: Sample, path: KnobPath) -> Any:
    """Look up the value that a knob starts with: of an angle by hand the one that was found, None before one was."""
    if path != _ANGLE:
        return value_at(forms.standard(sample), path)
    found = state.found_angle(sample)
    return None if found is None else forms.by_hand(found)[_ANGLE]


def _reset(sample: Sample, path: KnobPath) -> None:
    if path == _ANGLE and (found := state.found_angle(sample)) is not None:
        session.change({path: forms.by_hand(found)[path]})
    else:
        session.reset(path)


def _take(sample: Sample, path: KnobPath, default: Any) -> None:
    in_use = value_at(forms.params(sample), path)
    value = forms.asked(declared(path), session.widget_key(*path), in_use)
    if value is None:  # the field was emptied: only the whole page fills it again
        _reset(sample, path)
        return
    if value == default:
        _reset(sample, path)
    else:
        moved = {path: value}
        if (path, value) == (_DIRECTION, "manual") and (angle := state.found_angle(sample)) is not None:
            moved |= forms.by_hand(angle)
        session.change(moved)
    if parts.form_is(form(sample)) and compute.ready(sample, forms.params(sample)):
        parts.count_move()
        # What is told of it follows when the maps have come to rest.
        also = [] if parts.moved() == _told_of_moved(sample) else [redraw.MOVED]
        redraw.alone(redraw.PICTURE, *also)


def _taking_part(sample: Sample) -> list[KnobPath]:
    values = forms.params(sample)
    return [path for path in names() if takes_part(values, path)]


def form(sample: Sample) -> object:
    """Give all that the form and the notices beside it show besides the values of knobs and the ways back, to be compared."""
    notes = address.ignored(), fields.refused()
    return sample.content_hash, session.settings().preset, _taking_part(sample), notes
