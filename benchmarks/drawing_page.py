"""Two maps that can be drawn on, and nothing else: what `benchmarks.drawing` measures."""

import os

import numpy as np
import streamlit as st

from core.coordinates import Coordinates, off_lattice, on_lattice
from ui.tissue_view import Drawing, Spots, TissueMap, edits, tissue_view
from ui.tissue_view.spots import pack

_KEY = "maps"
_COLOURS = ("#EFBD47", "#D97360", "#A1204D", "#4E2B7B", "#326EC9", "#14A7A8", "#6A6B71", "#C9D2DC")

st.set_page_config(page_title="Drawing", layout="wide")


def _coordinates(n_spots: int) -> Coordinates:
    if n_spots <= 10_000:
        rows, columns = np.divmod(np.arange(n_spots), 64)
        return on_lattice(np.column_stack([rows, 2 * columns + rows % 2]))
    return off_lattice(np.random.default_rng(0).uniform(0, 30 * n_spots**0.5, (n_spots, 2)), unit_known=True)


@st.cache_resource
def _made_once() -> tuple[Spots, np.ndarray]:
    coordinates = _coordinates(int(os.environ["DRAWN_SPOTS"]))
    depth = coordinates.tissue_um[:, 1]
    return pack(coordinates, [f"spot {i}" for i in range(len(coordinates))]), np.digitize(
        depth, np.quantile(depth, np.arange(1, 7) / 7)
    )


spots, layers = _made_once()
assigned = st.session_state.setdefault("assigned", layers.copy())
told = edits.of(_KEY, spots)
for edit in told:
    assigned[edit.spots] = edit.region
names = [f"Layer {n}" for n in range(1, 8)]
drawn = TissueMap(title="Drawn", labels=assigned.copy(), names=[*names, "Unannotated"], colours=_COLOURS)
tissue_view(
    _KEY,
    spots=spots,
    maps=[drawn, TissueMap(title="Beside", labels=layers, names=names, colours=_COLOURS[:7])],
    theme="light",
    drawing=Drawing(annotation="drawn", active=3, taken=[(edit.annotation, edit.tab, edit.number) for edit in told]),
)
