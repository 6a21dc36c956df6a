"""Linked maps of one tissue, a Streamlit component of this project."""

from ui.tissue_view.component import TissueMap, Underlay, tissue_view
from ui.tissue_view.spots import Spots

__all__ = ["Spots", "TissueMap", "Underlay", "tissue_view"]
