"""Linked maps of one tissue, a Streamlit component of this project."""

from ui.tissue_view.component import Choice, Drawing, TissueMap, Underlay, selected_in, tissue_view
from ui.tissue_view.spots import Spots

__all__ = ["Choice", "Drawing", "Spots", "TissueMap", "Underlay", "selected_in", "tissue_view"]
