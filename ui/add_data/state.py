"""What this session is bringing in, and where it is in the server's folders."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from core.io.drafts import Draft
from core.io.incoming import ImportChoices
from core.work.bringing import Source

_INCOMING, _FOLDERS = "incoming", "folders below roots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What this session is bringing in.

    Parameters
    ----------
    draft : Draft
        Holds what was uploaded and what was made of it, and takes it along when the session ends.
    name : str
        Of the sample to be.
    asked : bool
        Whether the user has seen what the source suggests for them.
    table_id : str
        Upload that the source's table of labels came from.
    """

    draft: Draft
    source: Source
    choices: ImportChoices = field(default_factory=ImportChoices)
    name: str = ""
    asked: bool = False
    table_id: str = ""


def incoming() -> Incoming | None:
    """Look up what this session is bringing in."""
    stored: Incoming | None = st.session_state.get(_INCOMING)
    return stored


def take_incoming(new: Incoming) -> None:
    """Bring something in, in place of what was being brought in before."""
    st.session_state[_INCOMING] = new


def change_incoming(**changes: Any) -> None:
    """Change fields of what is being brought in, if anything is."""
    present = incoming()
    if present is not None:
        take_incoming(dataclasses.replace(present, **changes))


def drop_incoming() -> None:
    """Stop bringing anything in, and leave nothing of it behind."""
    present = st.session_state.pop(_INCOMING, None)
    if present is not None:
        present.draft.remove()


def folder_below(root: Path) -> str:
    """Look up the folder, relative to a root of the server, that this session has gone to; empty for the root itself."""
    folders: dict[Path, str] = st.session_state.get(_FOLDERS, {})
    return folders.get(root, "")


def go_below(root: Path, folder: str) -> None:
    """Go to a folder, relative to a root of the server."""
    st.session_state[_FOLDERS] = {**st.session_state.get(_FOLDERS, {}), root: folder}
