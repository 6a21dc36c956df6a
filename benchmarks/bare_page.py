"""Maps alone: knobs that compute nothing. What `benchmarks.page` compares the Tune page with.

Two runs, made once, are sent by turns: the browser gets no message about maps that are equal to the last byte.
"""

import streamlit as st

from core.evaluation.matching import domains_of
from core.params import preset
from core.sample import Sample
from ui.data import compute
from ui.shell import maps, session
from ui.tissue_view import TissueMap, tissue_view

st.set_page_config(page_title="Bare", layout="wide")


@st.cache_resource
def _made_once() -> tuple[Sample, list[list[TissueMap]]]:
    sample = compute.sample(compute.samples()[0])
    params = preset("paper", n_clusters=sample.suggested_n_clusters())
    runs = [compute.start(sample, params, index) for index in (0, 1)]
    predicted = [maps.predicted(sample, run, domains_of(sample, run.labels), "light") for run in runs]
    return sample, [[one, maps.annotated(sample, "light")] for one in predicted]


sample, shown = _made_once()
with st.sidebar:
    index = st.slider("Bare slider", 0, 1000) + st.number_input("Bare number", 0, 1000)
tissue_view(
    session.widget_key("maps"),
    spots=maps.spots(sample, stained=False),
    maps=shown[int(index) % 2],
    theme="light",
)
