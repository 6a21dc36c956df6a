"""Names of the domains on Tune, below the legend: what the user types holds on every page and in every file."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.evaluation.matching import Matching
from core.figures import charts
from core.io.export import MAX_NAME
from core.sample import Sample
from core.text import counted
from core.work.runs import Run
from core.work.runs.artifacts import labels_hash
from ui.shell import domain_names, session
from ui.shell.guards import as_markdown
from ui.tune import redraw
from ui.tune.shown import Shown, ShownResult


def popover(shown: Shown) -> None:
    """Offer to rename the domains, inside a row below the maps."""
    with st.popover(
        "Names",
        icon=":material/label:",
        type="tertiary",
        key=session.widget_key("names"),
        disabled=shown.result is None,
        help="Rename domains: the names hold on all pages and in all files, where domains of one name are one. Labels have the numbers of the clusters.",
    ):
        if isinstance(shown, ShownResult):
            shades = charts.colours_of_clusters(shown.matching, shown.sample.labels_true, shown.theme)
            _names(shown.sample, shown.matching, shown.run, shades)


def _names(sample: Sample, found: Matching, run: Run | None, shades: Mapping[int, str]) -> None:
    partition = labels_hash(found.labels)[:16]
    counts = dict(zip(*(part.tolist() for part in np.unique(found.labels, return_counts=True)), strict=True))
    for cluster in charts.ordered_clusters(found):
        _row(sample, found, run, partition, cluster, shades[cluster], counts[cluster])
    n_names = len(set(found.names.values()))
    if n_names < len(found.names):
        st.caption(
            f"{counted(len(found.names), 'domain')} are exported as {n_names}: those with the same name are merged."
        )
    _undo_button(sample, found, run)


def _row(
    sample: Sample, found: Matching, run: Run | None, partition: str, cluster: int, shade: str, n_spots: int
) -> None:
    key = session.widget_key("name", partition, str(cluster))
    own = found.own_names[cluster]
    session.show(key, found.names[cluster])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<span aria-hidden="true" style="color:{shade}">&#9632;</span>', width="content")
        st.text_input(
            f"Name of {as_markdown(own)}",
            key=key,
            max_chars=MAX_NAME,
            label_visibility="collapsed",
            width=200,
            on_change=lambda: _rename(sample, found, run, cluster, str(session.shown(key) or "")),
        )
        st.caption(f"{counted(n_spots, 'spot')}, cluster {cluster}", width=130)
        st.button(
            f"Undo {as_markdown(own)}",  # a name of its own, for those who hear it
            key=session.widget_key("own name", partition, str(cluster)),
            type="tertiary",
            icon=":material/undo:",
            help=f"Call it {as_markdown(own)} again",
            disabled=cluster not in found.given,
            on_click=lambda: _rename(sample, found, run, cluster, ""),
        )


def _rename(sample: Sample, found: Matching, run: Run | None, cluster: int, name: str) -> None:
    domain_names.rename(sample, found, cluster, name, run)
    redraw.alone(redraw.PICTURE, redraw.TELLING)


def _undo_button(sample: Sample, found: Matching, run: Run | None) -> None:
    def undo() -> None:
        domain_names.undo(sample, found, run)
        redraw.alone(redraw.PICTURE, redraw.TELLING)

    st.button(
        "Undo the last name",
        key=session.widget_key("undo name"),
        type="tertiary",
        icon=":material/undo:",
        disabled=not domain_names.can_undo(sample, found),
        on_click=undo,
    )
