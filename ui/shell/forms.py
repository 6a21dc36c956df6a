"""Parameter dataclasses as widgets, and back.

Labels, help, limits and choices come from the dataclasses. Each time a widget is drawn, it is set to the value of the
parameters, so it always shows the value that was used in the computation.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from core.knobs import KnobPath, changed, declared
from core.params import PRESETS, MethodParams, preset
from core.sample import Sample
from ui.shell import session
from ui.shell.session import Settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_LONGEST_SLIDER = 64
_ANGLE: KnobPath = ("direction", "angle")


def params(sample: Sample) -> MethodParams:
    """Make the session's parameters: its preset for this sample, with its moved knobs."""
    return params_of(sample, session.settings())


def standard(sample: Sample) -> MethodParams:
    """Make the parameters of the session's preset for this sample: the default of every knob."""
    return params_of(sample, Settings(preset=session.settings().preset))


def params_of(sample: Sample, settings: Settings) -> MethodParams:
    """Make the parameters that settings ask for on a sample, which suggests the number of clusters."""
    start = preset(settings.preset, n_clusters=sample.suggested_n_clusters(settings.preset))
    return changed(start, settings.changes)


def preset_picker() -> None:
    """Ask for a preset; choosing one sets all knobs to its values."""
    key, changes = session.widget_key("preset"), session.settings().changes
    session.show(key, session.settings().preset)
    count = f"{len(changes)} knob{'s' * (len(changes) != 1)} moved" if changes else "unchanged"
    with row():
        st.selectbox(
            _label("Preset", count),
            list(PRESETS),
            format_func=PRESETS.__getitem__,
            key=key,
            help="A value for every knob. Choosing a preset, or pressing the arrow beside it, sets every knob to the preset's value. "
            "Recommended found the layers of annotated cortex best (docs/accuracy.md). The others are the paper's method.",
            on_change=lambda: session.choose_preset(session.shown(key)),
        )
        back_button(
            "preset", "Reset all knobs to the preset", not changes, session.choose_preset, session.settings().preset
        )


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


def _take_field(key: str, values: "T", item: "dataclasses.Field[Any]", take: "Callable[[T], None]") -> None:
    value = session.shown(key)
    take(dataclasses.replace(values, **{item.name: item.default if value is None else value}))


def ask(
    item: "dataclasses.Field[Any]", key: str, value: Any, default: Any, help_text: str, act: Callable[[], None]
) -> None:
    """Ask for a field of a parameter dataclass with a suitable widget."""
    session.show(key, value)
    _widget(item, default, {"key": key, "help": help_text, "on_change": act})


def on_grid(item: "dataclasses.Field[Any]", value: Any) -> Any:
    """Round the value of a slider to its step: 0.38 arrives as 0.38000000000000034."""
    step = item.metadata["step"]
    return round(value, _decimals(step)) if isinstance(value, float) and step else value


def by_hand(angle: float) -> dict[KnobPath, Any]:
    """Give the moved knobs for a direction by hand at an angle, rounded to the slider's step."""
    return {("direction", "method"): "manual", _ANGLE: on_grid(declared(_ANGLE), angle)}


def row() -> Any:
    """Begin a row for a widget and its reset button."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False)


def back_button(name: str, help_text: str, disabled: bool, act: Any, *args: Any) -> None:
    """Offer to reset a value to its default."""
    st.button(
        ":material/undo:",
        key=session.widget_key("back", name),
        type="tertiary",
        help=help_text,
        disabled=disabled,
        on_click=act,
        args=args,
    )


def _label(name: str, note: str) -> str:
    return f"{name} ({note})"


def in_words(item: "dataclasses.Field[Any]", value: Any) -> str:
    """Write a value as its widget does."""
    choices = item.metadata["choices"]
    return choices[value] if choices else _plain_number(value) if isinstance(value, float) else str(value)


def _plain_number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")  # as the widgets write it, never 1e-05


def _widget(item: "dataclasses.Field[Any]", default: Any, common: dict[str, Any]) -> None:
    choices, name = item.metadata["choices"], item.metadata["label"]
    if choices:
        st.selectbox(name, list(choices), format_func=choices.__getitem__, **common)
        return
    label = _label(name, f"default {in_words(item, default)}")
    if isinstance(item.default, int):
        _whole_number(item, label, common)
    else:
        _real_number(item, label, default, common)


def _whole_number(item: "dataclasses.Field[Any]", label: str, common: dict[str, Any]) -> None:
    low, high = item.metadata["min"], item.metadata["max"]
    widget = st.slider if high - low < _LONGEST_SLIDER else st.number_input
    widget(label, min_value=low, max_value=high, step=1, **common)


def _real_number(item: "dataclasses.Field[Any]", label: str, default: float, common: dict[str, Any]) -> None:
    low, high, step = (item.metadata[name] for name in ("min", "max", "step"))
    if step:
        # Move the ends onto multiples of the step, so that every step is a round number.
        inner = math.ceil(low / step) * step, math.floor(high / step) * step
        st.slider(label, *(round(end, _decimals(step)) for end in inner), step=step, **common)
    else:
        st.number_input(
            label, min_value=float(low), max_value=float(high), step=_stride(default), format="%.10g", **common
        )


def _stride(default: float) -> float:
    """Make the step of the buttons about a tenth of a value below 1, and its leading power of ten otherwise."""
    return 10.0 ** (math.floor(math.log10(default)) - (default < 1)) if default > 0 else 1.0


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step)))
