"""The camera of maps in the address. The browser alone writes and follows it; here it is checked."""

import math

import streamlit as st

from core.sample import Sample
from ui.shell.address import refusal
from ui.shell.maps import CAMERA
from ui.tissue_view.spots import extent_um

_MOST_ZOOM, _LEAST_ZOOM = 60, 0.5  # as in geometry.js
_SLACK = 1e-3  # addresses are rounded


def refused(sample: Sample, entry: str = CAMERA) -> list[str]:
    """Take a camera that the maps of a sample cannot have out of the address, with a sentence that says so."""
    text = st.query_params.get(entry)
    if text is None:
        return []
    (left, top), (right, bottom) = extent_um(sample.coordinates)
    across = right - left
    limits = (left, right), (top, bottom), (across / _MOST_ZOOM, across / _LEAST_ZOOM)
    if _within(text, limits, _SLACK * max(across, bottom - top)):
        return []
    del st.query_params[entry]
    x, y, width = (f"{low:.0f} to {high:.0f}" for low, high in limits)
    unit = sample.coordinates.length_unit
    return [refusal(f"it must be x ({x}), y ({y}) and a width ({width}) on the tissue, in {unit}.", entry, text)]


def _within(text: str, limits: tuple[tuple[float, float], ...], slack: float) -> bool:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        return False
    if len(found) != len(limits) or not all(map(math.isfinite, found)):
        return False
    return all(low - slack <= value <= high + slack for value, (low, high) in zip(found, limits, strict=True))
