"""Parameter dataclasses as widgets, and back.

Labels, help, limits and choices come from the dataclasses. Each time a widget is drawn, it is set to the value of the
parameters, so it always shows the value that was used in the computation.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from core import units
from core.knobs import KnobPath, changed, field_in_words, takes_part, value_at
from core.params import PRESETS, MethodParams, preset
from core.sample import Sample
from core.text import counted
from ui.shell import fields, session, terms
from ui.shell.buttons import icon_button
from ui.shell.session import Settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_LONGEST_SLIDER = 64
_ANGLE_STEP = 0.1  # degrees, as angles are written
_ANGLE: KnobPath = ("direction", "angle")
_NOT_IN_A_CLASS = re.compile(r"[^a-zA-Z0-9_-]")  # of a key, where Streamlit makes a class of it


def params(sample: Sample) -> MethodParams:
    """Make the session's parameters: its preset for this sample, with its moved knobs."""
    return params_of(sample, session.settings())


def standard(sample: Sample) -> MethodParams:
    """Make the parameters of the session's preset for this sample: the default of every knob."""
    return params_of(sample, Settings(preset=session.settings().preset))


def params_of(sample: Sample, settings: Settings) -> MethodParams:
    """Make the parameters that settings ask for on a sample, which suggests the number of clusters."""
    start = preset(settings.preset, n_clusters=sample.suggested_n_clusters())
    return changed(start, settings.changes)


def moved(sample: Sample) -> dict[KnobPath, Any]:
    """Give the moved knobs that change something: they take part, and are not at the preset's value."""
    values, start = params(sample), standard(sample)
    return {
        path: value
        for path, value in session.settings().changes.items()
        if takes_part(values, path) and value != value_at(start, path)
    }


def tell_moved(sample: Sample) -> None:
    """Say how many knobs are moved, below the preset."""
    n_moved = len(moved(sample))
    st.caption(f"{counted(n_moved, 'knob')} moved" if n_moved else "Unchanged")


def preset_picker(sample: Sample, *, told_apart: bool = False) -> None:
    """Ask for a preset; choosing one sets all knobs to its values. Below it stands how many knobs are moved.

    That, and whether there is something to undo, may be told by a part of the page instead: :func:`tell_moved`,
    :func:`hide_ways_back`.
    """
    key, changes = session.widget_key("preset"), session.settings().changes
    session.show_unless_shown(key, session.settings().preset)
    with row():
        st.selectbox(
            "Preset",
            list(PRESETS),
            format_func=PRESETS.__getitem__,
            key=key,
            help="A value for every knob. Choosing a preset, or pressing the arrow beside it, sets every knob to the preset's value. "
            "Recommended found the layers of annotated cortex best. The others are the paper's method."
            + terms.more_on("Preset"),
            on_change=lambda: session.choose_preset(session.shown(key)),
        )
        back_button(
            "preset",
            "all moved knobs",
            "Reset all knobs to the preset",
            not changes and not told_apart,
            session.choose_preset,
            session.settings().preset,
        )
    if not told_apart:
        tell_moved(sample)


def record(
    key: str, values: "T", names: Sequence[str], take: "Callable[[T], None]", *, defaults: "T | None" = None
) -> None:
    """Ask for some fields of a parameter dataclass that is not part of the session's settings."""
    for item in dataclasses.fields(values):
        if item.name in names:
            widget_key, value = session.widget_key(key, item.name), getattr(values, item.name)
            default = item.default if defaults is None else getattr(defaults, item.name)
            act = functools.partial(_take_field, widget_key, values, item, take)
            ask(item, widget_key, value, default, item.metadata["help"], act)
            fields.refusal(widget_key)


def _take_field(key: str, values: "T", item: "dataclasses.Field[Any]", take: "Callable[[T], None]") -> None:
    value = session.shown(key)
    take(dataclasses.replace(values, **{item.name: item.default if value is None else value}))


def ask(
    item: "dataclasses.Field[Any]", key: str, value: Any, default: Any, help_text: str, act: Callable[[], None]
) -> None:
    """Ask for a field of a parameter dataclass with a suitable widget; :func:`asked` reads it."""
    _widget(item, value, default, act, {"key": key, "help": help_text})


def asked(item: "dataclasses.Field[Any]", key: str, in_use: Any) -> Any:
    """Read the value that a widget of :func:`ask` shows; an angle that it did not move stays what it is to the last bit."""
    value = session.shown(key)
    if not item.metadata["angle"]:
        return value
    return in_use if value == _in_degrees(in_use) else units.radians(value)


def _in_degrees(angle: float) -> float:
    return round(math.degrees(angle), 2)  # gives back what was asked for in steps of the slider


def by_hand(angle: float) -> dict[KnobPath, Any]:
    """Give the moved knobs for a direction by hand at an angle, rounded as one that was asked for."""
    return {("direction", "method"): "manual", _ANGLE: round(angle, units.ANGLE_DECIMALS)}


def angle_slider(label: str, key: str, half_turns: tuple[int, int], **options: Any) -> float:
    """Ask for an angle, in degrees, within so many half turns."""
    low, high = (180.0 * end for end in half_turns)
    return st.slider(label, low, high, step=_ANGLE_STEP, format="%.1f°", key=key, **options)


def row() -> Any:
    """Begin a row for a widget and its reset button."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False)


def back_button(name: str, label: str, help_text: str, disabled: bool, act: Any, *args: Any) -> None:
    """Offer to reset a value to its default; the button is called after the label of the value."""
    icon_button(
        f"Undo {label}",
        ":material/undo:",
        key=session.widget_key("back", name),
        help=help_text,
        disabled=disabled,
        on_click=act,
        args=args,
    )


def hide_ways_back(names: Sequence[str]) -> None:
    """Hide the buttons of :func:`back_button` with these names, from eyes, keys and screen readers; their places stay."""
    keys = (session.widget_key("back", name) for name in names)
    rules = ", ".join(f".st-key-{_NOT_IN_A_CLASS.sub('-', key)}" for key in keys)
    st.html(
        f"<style>{rules or 'nothing'} {{ visibility: hidden; }}</style>"
    )  # also for none: a part must write where it wrote


def _label(name: str, note: str) -> str:
    return f"{name} ({note})"


def _widget(
    item: "dataclasses.Field[Any]", value: Any, default: Any, act: Callable[[], None], common: dict[str, Any]
) -> None:
    choices, name, key = item.metadata["choices"], item.metadata["label"], common["key"]
    low, high = item.metadata["min"], item.metadata["max"]
    label = name if default is None else _label(name, f"default {field_in_words(item, default)}")
    whole = isinstance(item.default, int)
    if choices:
        session.show_unless_shown(key, value)
        chosen = functools.partial(_chosen, choices, key, value, act)
        st.selectbox(name, list(choices), format_func=choices.__getitem__, on_change=chosen, **common)
    elif item.metadata["angle"]:
        session.show_unless_shown(key, _in_degrees(value))
        angle_slider(label, half_turns=(-1, 1), on_change=act, **common)
    elif whole and high - low < _LONGEST_SLIDER:
        session.show_unless_shown(key, value)
        st.slider(label, min_value=low, max_value=high, step=1, on_change=act, **common)
    else:
        shape = {"step": 1} if whole else {"step": _stride(default), "format": "%.10g"}
        fields.number(label, in_use=value, low=low, high=high, take=act, **shape, **common)


def _chosen(choices: Mapping[str, str], key: str, in_use: str, act: Callable[[], None]) -> None:
    """Take what was chosen if it can be: a page of an earlier version may be open, and whoever speaks for a browser sends anything."""
    if session.shown(key) in list(choices):  # a value of any type
        act()
    else:
        session.show(key, in_use)


def _stride(default: float) -> float:
    """Make the step of the buttons about a tenth of a value below 1, and its leading power of ten otherwise."""
    return 10.0 ** (math.floor(math.log10(default)) - (default < 1)) if default > 0 else 1.0
