"""Names of clusters in exported files: the user types them, and clusters of the same name are merged."""

import hashlib

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.matching import Matching
from core.figures import charts
from core.layer_names import display_name
from core.text import counted
from ui.shell import session


def cluster_names(matching: Matching) -> dict[int, str] | None:
    """Ask for names of clusters, if the user wants names instead of numbers."""
    wanted = st.toggle(
        "Rename or merge clusters",
        key=session.widget_key("rename"),
        help="Files with labels then have names instead of numbers. Clusters with the same name are merged.",
        persist_state="session",
    )
    return _typed(matching) if wanted else None


def _typed(matching: Matching) -> dict[int, str]:
    clusters = charts.ordered_clusters(matching)
    counts = dict(zip(*(part.tolist() for part in np.unique(matching.labels, return_counts=True)), strict=True))
    layers = [matching.layers[cluster] for cluster in clusters]
    frame = pd.DataFrame(
        {
            "cluster": clusters,
            "layer": [display_name(layer) if layer else "–" for layer in layers],
            "spots": [counts[cluster] for cluster in clusters],
            "name": [
                display_name(layer) if layer else f"Cluster {cluster}"
                for layer, cluster in zip(layers, clusters, strict=True)
            ],
        }
    )
    edited = st.data_editor(
        frame,
        # The names are for these labels only; other labels start with default names.
        key=session.widget_key("names", hashlib.sha256(matching.labels.tobytes()).hexdigest()[:16]),
        width=_WIDTH_PX,
        hide_index=True,
        disabled=["cluster", "layer", "spots"],
        column_config=_COLUMNS,
        alt="Names of the clusters, which you can change",
    )
    names = ["" if name is None else str(name).strip() for name in edited["name"]]
    _say_what_merges(names)
    return dict(zip(clusters, names, strict=True))


def _say_what_merges(names: list[str]) -> None:
    n_left = len(set(names))
    if n_left < len(names):
        st.caption(f"{counted(len(names), 'cluster')} are exported as {n_left}: those with the same name are merged.")


_WIDTH_PX = 380
_COLUMNS = {
    "cluster": st.column_config.NumberColumn("Cluster", format="%d"),
    "layer": st.column_config.TextColumn("Layer", help="The annotated layer that it matches best."),
    "spots": st.column_config.NumberColumn("Spots", format="localized"),
    "name": st.column_config.TextColumn("Name", help="Double-click to change it.", max_chars=60, required=True),
}
