"""Parameter dataclasses as widgets, and back.

Labels, help, limits and choices come from the dataclasses. A widget shows the value of the parameters each time it is
drawn, so no control ever shows another value than the one that was computed with.
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

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_LONGEST_SLIDER = 64
_ANGLE: KnobPath = ("direction", "angle")


def params(sample: Sample) -> MethodParams:
    """Parameters that the session asks for: its preset, made for the sample, with its changes."""
    return changed(standard(sample), session.settings().changes)


def standard(sample: Sample) -> MethodParams:
    """Parameters of the session's preset, made for the sample: what every knob calls its default."""
    chosen = session.settings().preset
    return preset(chosen, n_clusters=sample.suggested_n_clusters(chosen))


def preset_picker() -> None:
    """Ask for a preset; choosing one puts all knobs to its values."""
    key, changes = session.widget_key("preset"), session.settings().changes
    session.show(key, session.settings().preset)
    count = f"{len(changes)} knob{'s' * (len(changes) != 1)} moved" if changes else "unchanged"
    with row():
        st.selectbox(
            _label("Preset", count),
            list(PRESETS),
            format_func=PRESETS.__getitem__,
            key=key,
            help="A setting of all knobs at once. Choosing another puts every knob to its values, and so does the arrow beside it. "
            "Recommended found the layers of annotated cortex best (docs/accuracy.md); the others are the paper's method, knob by knob.",
            on_change=lambda: session.choose_preset(session.shown(key)),
        )
        back_button(
            "preset", "Put all knobs back to the preset", not changes, session.choose_preset, session.settings().preset
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
    item: "dataclasses.Field[Any]", key: str, value: Any, default: Any, words: str, act: Callable[[], None]
) -> None:
    """Ask for a field of a parameter dataclass, by the widget that suits it."""
    session.show(key, value)
    _widget(item, default, {"key": key, "help": words, "on_change": act})


def on_grid(item: "dataclasses.Field[Any]", value: Any) -> Any:
    """Round what a slider gives, which counts in binary fractions: 0.38 comes as 0.38000000000000034."""
    step = item.metadata["step"]
    return round(value, _decimals(step)) if isinstance(value, float) and step else value


def by_hand(angle: float) -> dict[KnobPath, Any]:
    """Give the changes that turn the direction by hand to an angle, on the grid of its slider."""
    return {("direction", "method"): "manual", _ANGLE: on_grid(declared(_ANGLE), angle)}


def row() -> Any:
    """Begin a row of a widget and the way back to its default."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False)


def back_button(name: str, words: str, disabled: bool, act: Any, *args: Any) -> None:
    """Offer the way back to a default."""
    st.button(
        ":material/undo:",
        key=session.widget_key("back", name),
        type="tertiary",
        help=words,
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
        # The ends are moved to the grid of the steps, or no step would be a round number.
        inner = math.ceil(low / step) * step, math.floor(high / step) * step
        st.slider(label, *(round(end, _decimals(step)) for end in inner), step=step, **common)
    else:
        st.number_input(
            label, min_value=float(low), max_value=float(high), step=_stride(default), format="%.10g", **common
        )


def _stride(default: float) -> float:
    """Let a button change about a tenth of small values, and the first digit of large ones."""
    return 10.0 ** (math.floor(math.log10(default)) - (default < 1)) if default > 0 else 1.0


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step)))
