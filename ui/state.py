"""Everything that a session remembers: every key of session state and of the address, behind typed functions."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.figures.colours import Theme

Address = tuple[str, ...]
"""Where a knob sits in `MethodParams`, such as `("pooling", "window")`."""

_SETTINGS = "settings"
_SAMPLE = "sample"
_FOUND_ANGLE = "found angle"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user chose: a preset, and the knobs that were moved away from it.

    Parameters
    ----------
    preset : str
    changes : dict of Address to object
        Values by knob. Knobs that are not here follow the preset, also when the sample changes.
    """

    preset: str = "paper"
    changes: dict[Address, Any] = field(default_factory=dict)


def theme() -> Theme:
    """Surroundings of the viewer's page.

    Returns
    -------
    {"light", "dark"}
    """
    return "dark" if st.context.theme.type == "dark" else "light"


def settings() -> Settings:
    """Look up the settings of this session.

    Returns
    -------
    Settings
    """
    stored: Settings = st.session_state.setdefault(_SETTINGS, Settings())
    return stored


def choose_preset(name: str) -> None:
    """Take a preset, and let go of all changes.

    Parameters
    ----------
    name : str
    """
    st.session_state[_SETTINGS] = Settings(preset=name)


def change(address: Address, value: Any) -> None:
    """Move one knob away from the preset.

    Parameters
    ----------
    address : Address
    value : object
    """
    changes = {**settings().changes, address: value}
    st.session_state[_SETTINGS] = dataclasses.replace(settings(), changes=changes)


def reset(address: Address) -> None:
    """Put one knob back to the preset.

    Parameters
    ----------
    address : Address
    """
    changes = {key: value for key, value in settings().changes.items() if key != address}
    st.session_state[_SETTINGS] = dataclasses.replace(settings(), changes=changes)


def sample_file() -> str | None:
    """File of the chosen sample: as chosen in this session, else as the address says.

    Returns
    -------
    str or None
        A file's name without its folder; it need not exist.
    """
    chosen = st.session_state.get(_SAMPLE) or st.query_params.get(_SAMPLE)
    return None if chosen is None else str(chosen)


def choose_sample(file: str) -> None:
    """Remember the chosen sample, over pages and in the address.

    Parameters
    ----------
    file : str
    """
    st.session_state[_SAMPLE] = file
    st.query_params[_SAMPLE] = file


def found_angle() -> float | None:
    """Angle that the last run found by itself.

    Returns
    -------
    float or None
        Radians.
    """
    angle: float | None = st.session_state.get(_FOUND_ANGLE)
    return angle


def remember_angle(angle: float) -> None:
    """Keep the angle that a run found, for a user who goes on by hand from there.

    Parameters
    ----------
    angle : float
        Radians.
    """
    st.session_state[_FOUND_ANGLE] = angle


def widget_key(*parts: str) -> str:
    """Name a widget.

    Parameters
    ----------
    *parts : str

    Returns
    -------
    str
    """
    return "widget:" + ".".join(parts)


def show(key: str, value: Any) -> None:
    """Make a widget show a value, whatever it showed before. To be called before the widget is made.

    Parameters
    ----------
    key : str
    value : object
    """
    st.session_state[key] = value


def shown(key: str) -> Any:
    """Value that a widget shows.

    Parameters
    ----------
    key : str

    Returns
    -------
    object
    """
    return st.session_state[key]
