"""Spatial domains of tissue: the science and the machinery, without a user interface.

Usable from a notebook and from the command line (`python -m core`). Never imports Streamlit.
"""

__version__ = "0.2.0"
