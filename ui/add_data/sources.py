"""Where a sample comes from on the Add data page: the user's computer, a folder of the server, or public sections."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.io import roots
from core.text import file_name, shown
from core.work.bringing import Source
from ui.add_data import public_sections, state
from ui.add_data.state import Incoming
from ui.data import own_drafts
from ui.shell import session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown

_UPLOAD, _SERVER, _PUBLIC = "upload", "server", "public"
_SOURCES = {_UPLOAD: "From this computer", _SERVER: "From the server", _PUBLIC: "Public sections"}
_NAMED = ["rds", "h5seurat", "loom", "gem.gz"]
"""Kinds that are not read: the page says how they become one that is."""

_KINDS = ["h5", "hdf5", "h5ad", "h5ad.gz", "h5.gz", "h5mu", "gef", "zip", "tar", "tar.gz", "tgz", *_NAMED]


def choose() -> None:
    """Ask where the sample is, and take it in."""
    source = st.segmented_control(
        "Where is it?",
        [name for name in _SOURCES if name != _SERVER or roots.configured()],
        default=_UPLOAD,
        required=True,
        format_func=_SOURCES.__getitem__,
        key=session.widget_key("way in"),
        label_visibility="collapsed",
    )
    {_UPLOAD: _upload, _SERVER: _server, _PUBLIC: public_sections.offer}[str(source)]()


def _upload() -> None:
    sent = st.file_uploader(
        "The file",
        type=_KINDS,
        key=session.widget_key("upload"),
        help="The file stays in a private folder of this server until you save it. If you do not, it is deleted when your session ends.",
    )
    st.caption(
        "The lab's h5, an h5ad or h5mu, a Stereo-seq gef, or a zip or tar.gz of an output folder: Space Ranger, Xenium, MERSCOPE, CosMx, "
        "a SpatialData store, or counts and coordinates as two tables. Nothing is saved until you have seen a preview."
    )
    if sent is not None:
        _take(sent)


def _take(sent: UploadedFile) -> None:
    draft = own_drafts.new()
    path = draft.take(sent, sent.name)
    _forget(sent)
    _begin(Incoming(draft=draft, source=Source(path=path, called=sent.name)))


def _forget(sent: UploadedFile) -> None:
    """Free the server's copy in memory, which Streamlit would keep until the session ends."""
    context = get_script_run_ctx()
    manager = None if context is None else context.uploaded_file_mgr
    if context is not None and isinstance(manager, MemoryUploadedFileManager):
        manager.remove_file(context.session_id, sent.file_id)


def _begin(incoming: Incoming) -> None:
    state.take_incoming(incoming)
    st.rerun()


def _server() -> None:
    known = roots.configured()
    root = known[
        st.selectbox(
            "Folder of the server",
            range(len(known)),
            format_func=lambda number: shown(known[number].name),
            key=session.widget_key("root"),
            help="Folders that the administrator of this server allows for import.",
        )
    ]
    inside = state.folder_below(root)
    folder = roots.below(root, inside)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        entry = _entry(root, folder)
        _open_and_up(root, inside, entry)
        wanted = st.button(
            on_primary("Check", disabled=entry is None),
            key=session.widget_key("check"),
            type="primary",
            disabled=entry is None,
            help=_CHECK,
        )
    if wanted and entry is not None:
        _begin_below(root, str(Path(inside) / entry.name))


_CHECK = "Check what this file, or this folder as a whole, contains."


def _entry(root: Path, folder: Path) -> roots.Entry | None:
    there = {entry.name: entry for entry in roots.entries(folder, root)}
    name = st.selectbox(
        f"In {as_markdown(file_name(folder))}",
        list(there),
        index=None,
        format_func=lambda name: shown(name) + "/" * there[name].is_folder,
        placeholder="Choose a file, or an output folder" if there else "Nothing is here",
        key=session.widget_key("entry", str(folder)),
    )
    return there.get(name or "")


def _open_and_up(root: Path, inside: str, entry: roots.Entry | None) -> None:
    is_folder = entry is not None and entry.is_folder
    st.button(
        "Open",
        key=session.widget_key("open folder"),
        help="Open the folder.",
        disabled=not is_folder,
        on_click=state.go_below,
        args=(root, str(Path(inside) / entry.name) if entry else inside),
    )
    above = str(Path(inside).parent)
    st.button(
        "Up",
        key=session.widget_key("folder above"),
        help="Go back to the folder above.",
        disabled=not inside,
        on_click=state.go_below,
        args=(root, "" if above == "." else above),
    )


def _begin_below(root: Path, name: str) -> None:
    found = roots.below(root, name)
    roots.check_links(found, root)
    _begin(Incoming(draft=own_drafts.new(), source=Source(path=found, called=found.name)))
