"""How far the predicted domains agree with the regions of an annotation."""

import streamlit as st

from core import units
from core.annotation import Annotation
from core.evaluation.agreement import agreement
from core.params import PRESETS
from core.text import counted
from ui.annotate.beside import Predicted
from ui.shell import session


def scores(annotation: Annotation, found: Predicted) -> None:
    """Say how far the predicted domains agree with the regions."""
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Agreement with predicted domains**")
        if found.result is None:
            st.caption(found.missing)
            return
        result = found.result
        counts = agreement(result.labels, annotation.labels_true())
        with st.container(horizontal=True):
            st.metric("ARI", units.score("ari", counts.ari))
            st.metric("NMI", units.score("nmi", counts.nmi))
        n_spots = counted(int((annotation.assigned >= 0).sum()), "spot")
        st.caption(
            f"{PRESETS[session.settings().preset]}, {counted(result.params.clustering.n_clusters, 'domain')}, over {n_spots} "
            "in regions."
        )
