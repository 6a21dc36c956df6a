"""Linked maps of one tissue, a Streamlit component of this project."""

from ui.tissue_view.component import TissueMap, Underlay, tissue_view

__all__ = ["TissueMap", "Underlay", "tissue_view"]
