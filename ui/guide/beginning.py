"""Before the first stroke: which domains will be painted."""

import numpy as np
import streamlit as st

from core.figures import colours
from core.io.lab import SampleSummary
from core.layer_names import LAYERS, display_name
from core.region_names import fitting_names
from core.sample import UNANNOTATED, Sample
from ui.data import compute
from ui.guide import start, state, stroke_files, strokes
from ui.shell import guards, maps, sample_view, session
from ui.shell.drawing import pictures
from ui.tissue_view import TissueMap

_RATIO = [2.6, 1]
_MOST = 30
_KINDS = {
    "annotation": "Those that the annotation names",
    "cortex": "Layers of the cortex",
    "numbers": "A number of domains",
    "file": "Those of a file with strokes",
}

_TAUGHT = {
    "sections": "This section gets the layers of annotated ones by name, with how sure each spot is. Strokes correct them.",
    "model": "What annotated sections taught, in a small file, for when they are not here. Strokes correct it.",
    "markers": "Domains are found so that marker genes agree, and get their names. Strokes correct them.",
}


def page(summary: SampleSummary) -> None:
    """Show the spots, and ask for the domains; they can be renamed, added and removed at any time."""
    sample = compute.sample(summary)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Guide", anchor=False, width="content")
        sample_view.badges(sample)
    left, right = st.columns(_RATIO, gap="medium")
    with left:
        maps.draw(state.MAPS_KEY, sample, [_spots(sample)], session.theme(), camera=maps.CAMERA)
    with right, st.container(border=True):
        st.subheader("Start from", anchor=False)
        kind = st.radio(
            "Start from", list(start.KINDS), format_func=start.KINDS.__getitem__, key=session.widget_key("guide", "from"),
            label_visibility="collapsed",
        )  # fmt: skip
        if kind:
            st.markdown(_TAUGHT[kind])
            start.choice(summary, kind, lambda: begin(summary))
        else:
            st.markdown(
                "Paint some spots of each domain with the brush, and all others follow, in a second. A short stroke or five "
                "spread spots of each are enough to begin with. What comes out is guided, not label-free."
            )
            _form(summary, sample)


def begin(summary: SampleSummary) -> None:
    """Begin with the domains that are taught, on which strokes can be painted as corrections."""
    with guards.kept_for_the_page():
        strokes.begin(summary, start.regions(start.names(summary.path.name), compute.sample(summary)))


def _form(summary: SampleSummary, sample: Sample) -> None:
    kinds = [kind for kind in _KINDS if kind != "annotation" or sample.layer_names]
    kind = st.radio(
        "Domains to paint",
        kinds,
        format_func=_KINDS.__getitem__,
        key=session.widget_key("guide", "kind"),
        help="Names alone are taken from the annotation; it stays hidden, and plays no part in what follows.",
    )
    if kind == "file":
        stroke_files.beginning(summary)
        return
    names = _names(str(kind), sample)
    st.button(
        "Begin",
        key=session.widget_key("guide", "begin"),
        icon=":material/brush:",
        on_click=strokes.begin,
        args=(summary, start.regions(names, sample)),
    )


def _names(kind: str, sample: Sample) -> list[str]:
    if kind == "annotation":
        return fitting_names(dict.fromkeys(map(display_name, colours.in_order(sample.layer_names))))
    if kind == "cortex":
        return [display_name(name) for name in LAYERS if name != UNANNOTATED]
    number = st.number_input(
        "How many",
        min_value=2,
        max_value=_MOST,
        value=min(max(sample.suggested_n_clusters(), 2), _MOST),
        key=session.widget_key("guide", "number"),
    )
    return [f"Domain {index + 1}" for index in range(int(number))]


def _spots(sample: Sample) -> TissueMap:
    return TissueMap(
        title=maps.titled("Spots", sample),
        description=f"Spots of {sample.name}.",
        labels=np.zeros(sample.n_spots, dtype=int),
        names=["Not painted"],
        colours=[pictures.unassigned_shade()],
    )
