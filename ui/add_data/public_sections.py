"""Public sections on the Add data page: chosen, fetched in the background with progress, opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.folders import samples_folder
from core.io.public.dlpfc import DLPFC_SECTIONS, DONORS, sample_path
from core.io.public.paste2 import PASTE2_SECTIONS
from core.work.board.board import JobStatus
from ui.add_data import work
from ui.shell import session
from ui.shell.guards import as_markdown, shown_as_message
from ui.shell.watch import watch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collection:
    """Sections that one click can bring."""

    key: str
    title: str
    words: str
    sections: Sequence[str]

    def path(self, section: str) -> Path:
        folder = samples_folder()
        return sample_path(folder, section) if self.key == "dlpfc" else folder / f"{section}.h5"


_COLLECTIONS = (
    _Collection(
        key="dlpfc",
        title="Twelve whole sections",
        words=(
            "Human dorsolateral prefrontal cortex with the layers that experts drew (Maynard et al. 2021): three donors, "
            + "; ".join(f"{donor} {', '.join(sections)}" for donor, sections in DONORS.items())
            + ". All spots, genes in at least 10% of them, the stained image. Comes from the servers of its authors, who publish no checksums: lengths are checked, and that the files "
            "can be read."
        ),
        sections=DLPFC_SECTIONS,
    ),
    _Collection(
        key="paste2",
        title="Parts of four sections",
        words=(
            "About 2,900 spots and the 2000 most variable genes of each section of one donor; may be passed on (BSD-3-Clause). "
            "Comes through pip in one archive of 47 MB, checked by its sha256."
        ),
        sections=PASTE2_SECTIONS,
    ),
)


def offer() -> None:
    """Offer each collection: what it is, which sections are here, a button, and how far its fetch is."""
    for collection in _COLLECTIONS:
        with st.container(border=True):
            st.subheader(collection.title, anchor=False)
            st.caption(collection.words)
            _collection(collection)


def _collection(collection: _Collection) -> None:
    job = work.fetching(collection.key)
    running = job is not None and not job.finished
    chosen = _sections(collection, disabled=running)
    st.button(
        "Fetch",
        key=session.widget_key("fetch", collection.key),
        type="primary",
        disabled=running or not chosen,
        help="Bring the chosen sections in the background; you can leave this page meanwhile.",
        on_click=_fetch,
        args=(collection.key, tuple(chosen)),
    )
    if job is not None and not job.finished:
        watch(job.id, f"fetch {collection.key}")
    elif job is not None and job.status is JobStatus.FAILED:
        st.error(as_markdown(job.error))
    elif job is not None and job.status is JobStatus.CANCELLED:
        st.caption("The last fetch was cancelled. What was brought of a whole section is gone on with next time.")
    _open_buttons(collection)


def _fetch(collection: str, sections: tuple[str, ...]) -> None:
    with shown_as_message():
        work.fetch(collection, sections)


def _sections(collection: _Collection, *, disabled: bool) -> list[str]:
    missing = [section for section in collection.sections if not collection.path(section).exists()]
    if not missing:
        st.caption("All of them are here.")
        return []
    return st.pills(
        "Sections to fetch",
        missing,
        selection_mode="multi",
        key=session.widget_key("sections", collection.key),
        disabled=disabled,
        help="Those that are not here yet. Choose one or more.",
    )


def _open_buttons(collection: _Collection) -> None:
    here = [collection.path(section).name for section in collection.sections if collection.path(section).exists()]
    if not here:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("Here:", width="content")
        for file in here:
            words = Path(file).stem
            if st.button(words, key=session.widget_key("open", file), type="tertiary", help=f"Open {words} in Tune."):
                session.choose_sample(file)
                st.switch_page("pages/tune.py")
