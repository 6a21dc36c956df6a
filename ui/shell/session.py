"""What all pages share in a session: the chosen sample, the settings with their history, the chosen sweep, and widgets.

What only one page remembers is in the `state.py` of its folder.
"""

import dataclasses
import os
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.figures.colours import Theme
from core.knobs import KnobPath
from core.params import DEFAULT_PRESET, PRESETS

_SAMPLE, _N_SAMPLE_CHANGES, _HISTORY, _SWEEP = "sample", "changes of sample", "history", "sweep"
_REFUSAL = "refusal"

MAX_HISTORY = 100
"""Most settings that a session can go back to."""


def first_preset() -> str:
    """Name the preset that a session starts with: `SPCA_PRESET` of the server, or else the default."""
    wanted = os.environ.get("SPCA_PRESET", "")
    return wanted if wanted in PRESETS else DEFAULT_PRESET


@dataclass(frozen=True, slots=True)
class Settings:
    """A preset and the moved knobs. All other knobs follow the preset, even when the sample changes."""

    preset: str = field(default_factory=first_preset)
    changes: dict[KnobPath, Any] = field(default_factory=dict)


def theme() -> Theme:
    """Look up the theme of the viewer's page."""
    return "dark" if st.context.theme.type == "dark" else "light"


@dataclass(frozen=True, slots=True)
class _History:
    """Settings tried, in order, and the index of those that the page shows."""

    tried: tuple[Settings, ...]
    index: int = 0


def settings() -> Settings:
    """Look up the settings of this session."""
    history = _history()
    return history.tried[history.index]


def _history() -> _History:
    stored: _History = st.session_state.setdefault(_HISTORY, _History((Settings(),)))
    return stored


def take_settings(new: Settings) -> None:
    """Replace the present settings, which stay in the history."""
    history = _history()
    if new == settings():
        return
    tried = (*history.tried[: history.index + 1], new)[-MAX_HISTORY:]
    st.session_state[_HISTORY] = _History(tried, len(tried) - 1)


def start_from(first: Settings) -> None:
    """Begin the history of a new session with the settings of its address."""
    st.session_state[_HISTORY] = _History((first,))


def can_step(by: int) -> bool:
    """Whether the history has settings before (-1) or after (1) the present ones."""
    return 0 <= _history().index + by < len(_history().tried)


def step(by: int) -> None:
    """Go back (-1) or forward (1) in the history; does nothing at its ends."""
    if can_step(by):
        st.session_state[_HISTORY] = dataclasses.replace(_history(), index=_history().index + by)


def choose_preset(name: str) -> None:
    """Take a preset, and reset all moved knobs."""
    take_settings(Settings(preset=name))


def change(moved: dict[KnobPath, Any]) -> None:
    """Move knobs away from the preset, as one step of the history."""
    take_settings(dataclasses.replace(settings(), changes={**settings().changes, **moved}))


def reset(path: KnobPath) -> None:
    """Reset one knob to the preset."""
    changes = {key: value for key, value in settings().changes.items() if key != path}
    take_settings(dataclasses.replace(settings(), changes=changes))


def sample_file() -> str | None:
    """Name the file of the chosen sample, without its folder; it may not exist. None if no sample was chosen yet."""
    chosen: str | None = st.session_state.get(_SAMPLE)
    return chosen


def choose_sample(file: str) -> None:
    """Choose a sample for all pages."""
    if file != sample_file():
        st.session_state[_N_SAMPLE_CHANGES] = n_sample_changes() + 1
    st.session_state[_SAMPLE] = file


def n_sample_changes() -> int:
    """Count how often the sample changed; values for one choice of a sample are stored with this number."""
    return int(st.session_state.get(_N_SAMPLE_CHANGES, 0))


def sweep_id() -> str | None:
    """Look up the chosen sweep; None for the latest."""
    chosen: str | None = st.session_state.get(_SWEEP)
    return chosen


def choose_sweep(sweep_id: str | None) -> None:
    """Choose a sweep; None for the latest."""
    st.session_state[_SWEEP] = sweep_id


def refuse(sentence: str) -> None:
    """Keep why a press was refused until the page shows it."""
    st.session_state[_REFUSAL] = sentence


def take_refusal() -> str:
    """Take the sentence of the last refusal; empty if there is none."""
    return str(st.session_state.pop(_REFUSAL, ""))


def widget_key(*parts: str) -> str:
    """Make the key of a widget."""
    return "widget:" + ".".join(parts)


def show(key: str, value: Any) -> None:
    """Set the value of a widget; call this before the widget is made."""
    st.session_state[key] = value


def show_unless_shown(key: str, value: Any, *form: Any) -> None:
    """Set the value of a widget unless it has it; call this before the widget is made.

    A widget that is told what it shows, in the moment in which somebody moves it, stays where it was moved to, and the server does not
    hear of the move. With other ends or other words for its choices, a widget has to be told in any case, since it would fall back to
    its default: name these as its form.
    """
    made, page = f"{key} form", get_script_run_ctx()
    form = (
        None if page is None else page.page_script_hash,
        *form,
    )  # on another page it is another widget, of the same key
    if st.session_state.get(key) != value or st.session_state.get(made) != form:
        st.session_state[key] = value
    st.session_state[made] = form


def shown(key: str) -> Any:
    """Look up the value that a widget shows."""
    return st.session_state[key]
