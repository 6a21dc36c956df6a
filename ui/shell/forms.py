"""Parameter dataclasses as widgets, and back.

Labels, help, limits and choices come from the dataclasses. A widget shows the value of the parameters each time it is
drawn, so no control ever shows another value than the one that was computed with.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from core.declarations import Group
from core.knobs import KnobPath, changed, declared, in_groups, soonest_first, takes_part, value_at
from core.params import PRESETS, MethodParams, preset
from core.sample import Sample
from ui.shell import session

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_LONGEST_SLIDER = 64

_EARLY: Sequence[Group] = ("pooling", "embedding", "reduction")
_LATE: Sequence[Group] = ("weight", "direction", "clusters", "refinement")
_DIRECTION: KnobPath = ("direction", "method")
_ANGLE: KnobPath = ("direction", "angle")


def params(sample: Sample) -> MethodParams:
    """Parameters that the session asks for: its preset, made for the sample, with its changes.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If a value lies outside its limits.
    """
    return changed(standard(sample), session.settings().changes)


def standard(sample: Sample) -> MethodParams:
    """Parameters of the session's preset, made for the sample: what every knob calls its default.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    MethodParams
    """
    chosen = session.settings().preset
    return preset(chosen, n_clusters=sample.suggested_n_clusters(chosen))


def preset_picker() -> None:
    """Ask for a preset; choosing one puts all knobs to its values."""
    key, changes = session.widget_key("preset"), session.settings().changes
    session.show(key, session.settings().preset)
    count = f"{len(changes)} knob{'s' * (len(changes) != 1)} moved" if changes else "unchanged"
    with _row():
        st.selectbox(
            _label("Preset", count),
            list(PRESETS),
            format_func=PRESETS.__getitem__,
            key=key,
            help="A setting of all knobs at once. Choosing another puts every knob to its values, and so does the arrow beside it. "
            "Recommended found the layers of annotated cortex best (docs/accuracy.md); the others are the paper's method, knob by knob.",
            on_change=lambda: session.choose_preset(session.shown(key)),
        )
        _back_button(
            "preset", "Put all knobs back to the preset", not changes, session.choose_preset, session.settings().preset
        )


def early_knobs(sample: Sample) -> None:
    """Ask for what is done before clustering: pooling and embedding.

    Parameters
    ----------
    sample : Sample
    """
    _those_that_take_part(sample, *_EARLY)
    if params(sample).embedding.needs_training:
        with st.expander("Autoencoder"):
            _those_that_take_part(sample, "network")


def late_knobs(sample: Sample) -> None:
    """Ask for what changes the clustering alone: weight, direction, clusters, read-out, seed, refinement, starts.

    Parameters
    ----------
    sample : Sample
    """
    _those_that_take_part(sample, *_LATE)
    if params(sample).clustering.by_kmeans:
        with st.expander("Starts"):
            _those_that_take_part(sample, "starts")


def _those_that_take_part(sample: Sample, *groups: Group) -> None:
    for group in groups:
        for path in soonest_first(in_groups(group)):
            if takes_part(params(sample), path):
                knob(sample, path)


def knob(sample: Sample, path: KnobPath) -> None:
    """Ask for one parameter: its widget, its default, and the way back to it.

    Parameters
    ----------
    sample : Sample
    path : KnobPath
    """
    item, usual = declared(path), value_at(standard(sample), path)
    key, value = session.widget_key(*path), value_at(params(sample), path)
    session.show(key, value)
    with _row():
        _widget(
            item,
            key,
            usual,
            {"key": key, "help": _help(item, usual), "on_change": _take, "args": (sample, path, usual)},
        )
        words = f"Back to {_name(item, usual)}"
        _back_button(".".join(path), words, value == usual, session.reset, path)


def record(
    key: str, values: "T", names: Sequence[str], take: "Callable[[T], None]", *, usual: "T | None" = None
) -> None:
    """Ask for some fields of a parameter dataclass that is not part of the session's settings.

    Parameters
    ----------
    key : str
        Begins the keys of the widgets.
    values : dataclass instance
        What the widgets show.
    names : sequence of str
        Fields to ask for.
    take : callable
        Called with the changed instance before the page is drawn again.
    usual : dataclass instance, optional
        What the widgets call their defaults; those of the fields by default.
    """
    for item in dataclasses.fields(values):
        if item.name in names:
            widget_key = session.widget_key(key, item.name)
            session.show(widget_key, getattr(values, item.name))
            common = {
                "key": widget_key,
                "help": item.metadata["help"],
                "on_change": _take_field,
                "args": (widget_key, values, item, take),
            }
            _widget(item, widget_key, item.default if usual is None else getattr(usual, item.name), common)


def _take_field(key: str, values: "T", item: "dataclasses.Field[Any]", take: "Callable[[T], None]") -> None:
    value = session.shown(key)
    take(dataclasses.replace(values, **{item.name: item.default if value is None else value}))


def _row() -> Any:
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False)


def _back_button(name: str, words: str, disabled: bool, act: Any, *args: Any) -> None:
    st.button(
        ":material/undo:",
        key=session.widget_key("back", name),
        type="tertiary",
        help=words,
        disabled=disabled,
        on_click=act,
        args=args,
    )


def _take(sample: Sample, path: KnobPath, usual: Any) -> None:
    value = session.shown(session.widget_key(*path))
    step = declared(path).metadata["step"]
    if isinstance(value, float) and step:
        value = round(value, _decimals(step))  # a slider counts in binary fractions: 0.38 comes as 0.38000000000000034
    if value is None or value == usual:
        session.reset(path)
        return
    moved = {path: value}
    if (path, value) == (_DIRECTION, "manual") and (angle := session.found_angle(sample)) is not None:
        moved[_ANGLE] = round(angle, _decimals(declared(_ANGLE).metadata["step"]))
    session.change_all(moved)


def _label(name: str, note: str) -> str:
    return f"{name} ({note})"


def _help(item: "dataclasses.Field[Any]", usual: Any) -> str:
    return f"{item.metadata['help']} Default: {_name(item, usual)}."


def _name(item: "dataclasses.Field[Any]", value: Any) -> str:
    choices = item.metadata["choices"]
    return choices[value] if choices else _plain_number(value) if isinstance(value, float) else str(value)


def _plain_number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")  # as the widgets write it, never 1e-05


def _widget(item: "dataclasses.Field[Any]", key: str, usual: Any, common: dict[str, Any]) -> None:
    choices, name = item.metadata["choices"], item.metadata["label"]
    if choices:
        st.selectbox(name, list(choices), format_func=choices.__getitem__, **common)
        return
    label = _label(name, f"default {_name(item, usual)}")
    if isinstance(item.default, int):
        _whole_number(item, label, common)
    else:
        _real_number(item, label, usual, common)


def _whole_number(item: "dataclasses.Field[Any]", label: str, common: dict[str, Any]) -> None:
    low, high = item.metadata["min"], item.metadata["max"]
    ask = st.slider if high - low < _LONGEST_SLIDER else st.number_input
    ask(label, min_value=low, max_value=high, step=1, **common)


def _real_number(item: "dataclasses.Field[Any]", label: str, usual: float, common: dict[str, Any]) -> None:
    low, high, step = (item.metadata[name] for name in ("min", "max", "step"))
    if step:
        # The ends are moved to the grid of the steps, or no step would be a round number.
        inner = math.ceil(low / step) * step, math.floor(high / step) * step
        st.slider(label, *(round(end, _decimals(step)) for end in inner), step=step, **common)
    else:
        st.number_input(
            label, min_value=float(low), max_value=float(high), step=_stride(usual), format="%.10g", **common
        )


def _stride(usual: float) -> float:
    """Let a button change about a tenth of small values, and the first digit of large ones."""
    return 10.0 ** (math.floor(math.log10(usual)) - (usual < 1)) if usual > 0 else 1.0


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step)))
