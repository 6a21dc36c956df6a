"""Buttons that everybody can name and read: icons with a name of their own, and labels dark enough for the primary colour."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.figures.colours import STYLES
from ui.shell import session

_ICON_PX = 19  # as wide as the icon: the label beside it is cut off on the screen, and is still the button's name


def icon_button(
    name: str,
    icon: str,
    *,
    key: str,
    help: str,
    disabled: bool,
    on_click: Callable[..., Any],
    args: tuple[Any, ...] = (),
) -> None:
    """Offer a button that shows an icon alone, under a name that says what it does."""
    st.button(
        name,
        key=key,
        type="tertiary",
        icon=icon,
        help=help,
        disabled=disabled,
        on_click=on_click,
        args=args,
        width=_ICON_PX,
    )


def on_primary(label: str, *, disabled: bool = False) -> str:
    """Write the label of a primary button: Streamlit writes it in white, which the dark theme's light colour does not carry."""
    if disabled or session.theme() == "light":
        return label
    return f':color[{label}]{{foreground="{STYLES["dark"].paper}"}}'
