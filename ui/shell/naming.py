"""Names of the domains, below the maps of Tune and Sections: what the user types holds on every page and in every file."""

from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from core.figures import charts
from core.io.export import MAX_NAME
from core.text import counted
from ui.shell import domain_names, session
from ui.shell.buttons import icon_button
from ui.shell.domain_names import Named
from ui.shell.guards import as_markdown


def popover(
    domains: Named | None,
    shades: Mapping[int, str],
    then: Callable[[], None] = lambda: None,
    more: Callable[[], None] = lambda: None,
) -> None:
    """Offer to rename the domains, with their colours by cluster, inside a row below the maps; draw again `then`, and `more` below."""
    with st.popover(
        "Names",
        icon=":material/label:",
        type="tertiary",
        key=session.widget_key("names"),
        disabled=domains is None,
        help="Rename domains: the names hold on all pages and in all files, where domains of one name are one. Labels have the numbers of the clusters.",
    ):
        if domains is not None:
            _names(domains, shades, then)
            more()


def _names(domains: Named, shades: Mapping[int, str], then: Callable[[], None]) -> None:
    names = domains.found.names
    counts = dict(zip(*(part.tolist() for part in np.unique(domains.found.labels, return_counts=True)), strict=True))
    for cluster in charts.ordered_clusters(domains.found):
        _row(domains, cluster, shades[cluster], counts[cluster], then)
    n_names = len(set(names.values()))
    if n_names < len(names):
        st.caption(f"{counted(len(names), 'domain')} are exported as {n_names}: those with the same name are merged.")
    _undo_button(domains, then)


def _row(domains: Named, cluster: int, shade: str, n_spots: int, then: Callable[[], None]) -> None:
    partition = domains.key[1][:16]
    key = session.widget_key("name", partition, str(cluster))
    own = domains.found.own_names[cluster]

    def rename(name: str) -> None:
        domain_names.rename(domains, cluster, name)
        then()

    session.show(key, domains.found.names[cluster])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<span aria-hidden="true" style="color:{shade}">&#9632;</span>', width="content")
        st.text_input(
            f"Name of {as_markdown(own)}",
            key=key,
            max_chars=MAX_NAME,
            label_visibility="collapsed",
            width=200,
            on_change=lambda: rename(str(session.shown(key) or "")),
        )
        st.caption(f"{counted(n_spots, 'spot')}, cluster {cluster}", width=130)
        icon_button(
            f"Undo {as_markdown(own)}",
            ":material/undo:",
            key=session.widget_key("back", "name", partition, str(cluster)),  # not seen where it leads nowhere
            help=f"Call it {as_markdown(own)} again",
            disabled=cluster not in domains.found.given,
            on_click=lambda: rename(""),
        )


def _undo_button(domains: Named, then: Callable[[], None]) -> None:
    def undo() -> None:
        domain_names.undo(domains)
        then()

    st.button(
        "Undo the last name",
        key=session.widget_key("undo name"),
        type="tertiary",
        icon=":material/undo:",
        disabled=not domain_names.can_undo(domains),
        on_click=undo,
    )
