"""Files that are made on the click, in another thread: a move of a knob makes none."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui.shell import session

LOUPE_CATEGORY = "domain"
"""What Loupe Browser calls the labels."""


def bytes_of(write: Callable[[Path], None]) -> bytes:
    """Read what writes itself to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


def download(
    label: str, make: Callable[[], bytes], file_name: str, mime: str, words: str, *, disabled: bool = False
) -> None:
    """Offer a file that is made on the click."""
    st.download_button(
        label,
        make,
        file_name=file_name,
        mime=mime,
        key=session.widget_key("export", label),
        help=words,
        type="tertiary",
        disabled=disabled,
        on_click="ignore",
    )
