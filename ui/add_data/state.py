"""What this session is bringing in, and which server folder it has open."""

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
        Holds the upload and what was made from it, and deletes both when the session ends.
    name : str
        Name of the sample once it is saved.
    asked : bool
        Whether the user has seen the suggested choices.
    table_id : str
        Upload that the source's table of labels came from.
    each : bool
        Whether the user asked for every section as a sample.
    """

    draft: Draft
    source: Source
    choices: ImportChoices = field(default_factory=ImportChoices)
    name: str = ""
    asked: bool = False
    table_id: str = ""
    each: bool = False


def incoming() -> Incoming | None:
    """Look up what this session is bringing in."""
    stored: Incoming | None = st.session_state.get(_INCOMING)
    return stored


def take_incoming(new: Incoming) -> None:
    """Replace what this session is bringing in."""
    st.session_state[_INCOMING] = new


def change_incoming(**changes: Any) -> None:
    """Change fields of what is being brought in, if there is anything."""
    present = incoming()
    if present is not None:
        take_incoming(dataclasses.replace(present, **changes))


def drop_incoming() -> None:
    """Stop bringing in the source, and delete its private files."""
    present = st.session_state.pop(_INCOMING, None)
    if present is not None:
        present.draft.remove()


def folder_below(root: Path) -> str:
    """Look up the open folder, relative to a root of the server; empty for the root itself."""
    folders: dict[Path, str] = st.session_state.get(_FOLDERS, {})
    return folders.get(root, "")


def go_below(root: Path, folder: str) -> None:
    """Open a folder, relative to a root of the server."""
    st.session_state[_FOLDERS] = {**st.session_state.get(_FOLDERS, {}), root: folder}
