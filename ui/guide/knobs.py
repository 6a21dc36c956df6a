"""The knobs of Tune that take part where domains follow strokes: how far expression is averaged, its weight, depth."""

import functools
from typing import Any

import streamlit as st

from core.io.lab import SampleSummary
from core.knobs import KnobPath, declared, takes_part, value_at, value_in_words
from core.params import MethodParams
from core.sample import Sample
from ui.data import compute
from ui.guide import state
from ui.shell import fields, forms, session, teaching, terms

_PATHS: tuple[KnobPath, ...] = (
    ("pooling", "window"),
    ("pooling", "scale"),
    ("embedding", "n_components"),
    ("direction", "method"),
    ("direction", "angle"),
    ("direction", "degree"),
    ("clustering", "x_weight"),
)
_OF_OTHERS: KnobPath = ("clustering", "n_clusters")


def sidebar(summary: SampleSummary) -> None:
    """Ask for the knobs that take part, and whether domains that nobody painted may exist."""
    sample = compute.sample(summary)
    with st.sidebar:
        forms.preset_picker(sample)
        _others(taught=bool(teaching.start(summary.path.name).kind))
        params = forms.params(sample)
        for path in _PATHS:
            if _counts(params, path):
                _knob(sample, path)
        if state.others():
            _knob(sample, _OF_OTHERS)


def _counts(params: MethodParams, path: KnobPath) -> bool:
    if path == ("clustering", "x_weight"):  # against depth: there is no other distance here
        return params.direction.method != "off"
    return takes_part(params, path)


def _others(*, taught: bool) -> None:
    session.show_unless_shown(state.OTHERS_KEY, state.others())
    st.toggle(
        "Others too",
        key=state.OTHERS_KEY,
        disabled=taught,
        help="Domains that nobody painted may exist: those of the label-free result in which no spot is painted stay beside "
        "the painted ones.",
        on_change=lambda: state.allow_others(bool(session.shown(state.OTHERS_KEY))),
    )


def _knob(sample: Sample, path: KnobPath) -> None:
    item, value = declared(path), value_at(forms.params(sample), path)
    default, key = value_at(forms.standard(sample), path), session.widget_key("guide", *path)
    in_words = value_in_words(path, default)
    with forms.row():
        help_text = f"{item.metadata['help']} Default: {in_words}.{terms.more_on_knob(path)}"
        forms.ask(item, key, value, default, help_text, functools.partial(_take, sample, path, default))
        label = item.metadata["label"]
        forms.back_button(
            ".".join(("guide", *path)), label, f"Reset to {in_words}", value == default, session.reset, path
        )
    fields.refusal(key)


def _take(sample: Sample, path: KnobPath, default: Any) -> None:
    in_use = value_at(forms.params(sample), path)
    value = forms.asked(declared(path), session.widget_key("guide", *path), in_use)
    if value is None or value == default:
        session.reset(path)
    else:
        session.change({path: value})
