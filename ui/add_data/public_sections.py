"""Public sections on the Add data page: choose them, fetch them in the background, and open them."""

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
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown, kept_for_the_page
from ui.shell.job_progress import watch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collection:
    """Public sections that come from one source."""

    key: str
    title: str
    description: str
    sections: Sequence[str]

    def path(self, section: str) -> Path:
        folder = samples_folder()
        return sample_path(folder, section) if self.key == "dlpfc" else folder / f"{section}.h5"


_COLLECTIONS = (
    _Collection(
        key="dlpfc",
        title="Twelve whole sections",
        description=(
            "Human dorsolateral prefrontal cortex with the layers that experts drew (Maynard et al. 2021): three donors, "
            + "; ".join(f"{donor} {', '.join(sections)}" for donor, sections in DONORS.items())
            + ". Each has all spots, the genes found in at least 10% of them, and the stained image. The files come from the authors' servers, which publish no "
            "checksums, so only their length is checked, and that they can be read."
        ),
        sections=DLPFC_SECTIONS,
    ),
    _Collection(
        key="paste2",
        title="Parts of four sections",
        description=(
            "About 2,900 spots and the 2,000 most variable genes of each section, all of one donor. The licence (BSD-3-Clause) allows you to share them. "
            "They come through pip in one archive of 47 MB, whose sha256 is checked."
        ),
        sections=PASTE2_SECTIONS,
    ),
)


def offer() -> None:
    """Describe each collection, and offer to fetch its missing sections and to open those that are here."""
    for collection in _COLLECTIONS:
        with st.container(border=True):
            st.subheader(collection.title, anchor=False)
            st.caption(collection.description)
            _collection(collection)


def _collection(collection: _Collection) -> None:
    job = work.fetching(collection.key)
    running = job is not None and not job.finished
    chosen = _sections(collection, disabled=running)
    st.button(
        on_primary("Fetch", disabled=running or not chosen),
        key=session.widget_key("fetch", collection.key),
        type="primary",
        disabled=running or not chosen,
        help="Fetch the chosen sections in the background. You can leave this page meanwhile.",
        on_click=_fetch,
        args=(collection.key, tuple(chosen)),
    )
    if job is not None and not job.finished:
        watch(job.id, f"fetch {collection.key}")
    elif job is not None and job.status is JobStatus.FAILED:
        st.error(as_markdown(job.error))
    elif job is not None and job.status is JobStatus.CANCELLED:
        st.caption(
            "The last fetch was cancelled. The next one continues where the download of a whole section stopped."
        )
    _open_buttons(collection)


def _fetch(collection: str, sections: tuple[str, ...]) -> None:
    with kept_for_the_page():
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
        help="These sections are not on this server yet. Choose one or more.",
    )


def _open_buttons(collection: _Collection) -> None:
    here = [collection.path(section).name for section in collection.sections if collection.path(section).exists()]
    if not here:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("Here:", width="content")
        for file in here:
            name = Path(file).stem
            if st.button(name, key=session.widget_key("open", file), type="tertiary", help=f"Open {name} in Tune."):
                session.choose_sample(file)
                st.switch_page("pages/tune.py")
