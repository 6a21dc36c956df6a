"""The form of Tune: every knob that takes part in the method, in the order of the steps."""

import functools
from collections.abc import Sequence
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
    default = _default(sample, path)
    in_words, key = "" if default is None else value_in_words(path, default), session.widget_key(*path)
    with forms.row():
        of_default = f" Default: {in_words}." if in_words else ""
        help_text = f"{item.metadata['help']}{of_default}{terms.more_on_knob(path)}"
        forms.ask(item, key, value, default, help_text, functools.partial(_take, sample, path, default))
        at_default = default is None or value == default
        back_to = f"Reset to {in_words}" if in_words else "Its default is not known yet"
        forms.back_button(".".join(path), item.metadata["label"], back_to, at_default, _reset, sample, path)
    fields.refusal(key)


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
    if value is None or value == default:
        _reset(sample, path)
        return
    moved = {path: value}
    if (path, value) == (_DIRECTION, "manual") and (angle := state.found_angle(sample)) is not None:
        moved |= forms.by_hand(angle)
    session.change(moved)
    if parts.form_is(form(sample)) and compute.ready(sample, forms.params(sample)):
        parts.count_move()
        redraw.alone(redraw.PICTURE)  # what is told of it follows when the maps have come to rest


def form(sample: Sample) -> object:
    """Give all that the form and the notices beside it show besides the values of knobs, to be compared."""
    values, settings = forms.params(sample), session.settings()
    there = [path for path in names() if takes_part(values, path)]
    at_default = [value_at(values, path) == _default(sample, path) for path in there]
    notes = len(settings.changes), address.ignored(), fields.refused()
    return sample.content_hash, settings.preset, there, at_default, notes
