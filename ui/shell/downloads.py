"""Downloads, which a click makes in another thread, so that moving a knob makes no file."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui.shell import session

LOUPE_CATEGORY = "domain"
"""Name of the labels in Loupe Browser."""


def bytes_of(write: Callable[[Path], None]) -> bytes:
    """Give the bytes that a function writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


def download(
    label: str,
    make: Callable[[], bytes | str],
    file_name: str,
    mime: str,
    help_text: str,
    *,
    disabled: bool = False,
    icon: str | None = None,
) -> None:
    """Offer a file that is made when it is clicked."""
    st.download_button(
        label,
        make,
        file_name=file_name,
        mime=mime,
        key=session.widget_key("export", label),
        help=help_text,
        type="tertiary",
        icon=icon,
        disabled=disabled,
        on_click="ignore",
    )
