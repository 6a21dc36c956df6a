"""What can be done with chosen runs: star, rename, open, delete and bring back; and runs that come in as files."""

from collections.abc import Sequence

import streamlit as st

from core.errors import DomainsError
from core.io.drafts import Draft
from core.work.runs import Run
from core.work.runs.run import MAX_NAME, MAX_NOTE
from ui import guards, runs_take_away, state
from ui.guards import as_markdown
from ui.kept_runs import KeptRun, settings_for
from ui.record import record
from ui.runs_list import Listing

_IMPORTED = "imported run"


def header(listed: Listing) -> None:
    """Say what page this is and how many runs there are, and offer to bring one in.

    Parameters
    ----------
    listed : Listing
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Runs", anchor=False, width="content")
        n_all, n_listed = len(listed.everything), len(listed.runs)
        count = f"{n_all:,}" if n_all == n_listed else f"{n_listed:,} of {n_all:,}"
        st.badge(f"{count} run{'s' * (n_all != 1)}", color="gray", help="Listed below, of those that are kept.")
        st.space("stretch")
        _undo_button()
        with st.popover("Import", icon=":material/upload:", type="tertiary", help="Bring in a run that somebody sent."):
            _import()


def _undo_button() -> None:
    gone = state.deleted_runs()
    st.button(
        "Undo" + f" ({len(gone)} deleted)" * bool(gone),
        key=state.widget_key("runs", "undo"),
        type="tertiary",
        icon=":material/undo:",
        help="Bring back what was deleted last.",
        disabled=not gone,
        on_click=_restore,
        args=(gone,),
    )


def _import() -> None:
    key = state.widget_key("runs", "import", str(state.n_imported()))
    sent = st.file_uploader(
        "A run as one file",
        type=["zip"],
        key=key,
        help="As Export writes it: labels, scores, settings and a small map. The sample itself is not in it.",
    )
    if sent is not None:
        with guards.shown_as_message():
            _take_in(sent, sent.name)


def bar(listed: Listing, chosen: Sequence[KeptRun]) -> None:
    pass
