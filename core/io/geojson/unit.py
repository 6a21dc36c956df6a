"""What a file of shapes says of the unit of its coordinates: in words, or by areas that were measured in both."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely

OWN = "spatial_domains"
"""Entry of files that this program writes: the unit of the coordinates."""

OF_THE_FILE = "unit of the file"
"""In that entry: that of the sample's file, whose length nobody said."""

_WORDS = {
    "px": ("px", "pixel", "pixels"),
    "um": ("um", "µm", "μm", "micron", "microns", "micrometer", "micrometers", "micrometre", "micrometres"),
}
_AREAS_UM2 = ("Area µm^2", "Area μm^2", "Area um^2", "area_um2")  # QuPath's, with either sign for micro
_ALIKE = 0.05  # areas of one file that differ more are of other shapes than those that are in it


def named_unit(plain: Any) -> str:
    """Look up the unit that a file names.

    Parameters
    ----------
    plain : object
        The file, not trusted.

    Returns
    -------
    str
        As this program wrote it, or `px` or `um` where an entry `unit` or `units` says so; else empty.
    """
    if not isinstance(plain, dict):
        return ""
    own = plain.get(OWN)
    if isinstance(own, dict) and isinstance(own.get("unit"), str):
        return "um" if own["unit"] == OF_THE_FILE else str(own["unit"])  # samples call it so
    said = [str(plain[key]).strip().lower() for key in ("unit", "units") if isinstance(plain.get(key), str)]
    return next((unit for unit, words in _WORDS.items() for word in said if word in words), "")


def measured_um(measured: Iterable[tuple[Mapping[str, Any], shapely.Geometry]]) -> float | None:
    """Find how many micrometres one unit is, from areas that were measured in square micrometres.

    Parameters
    ----------
    measured : iterable of (mapping, shapely.Geometry)
        Properties of a feature, not trusted, and its area.

    Returns
    -------
    float or None
        None where no feature has such an area, or they contradict each other.
    """
    ratios = [um2 / area.area for properties, area in measured if (um2 := _area_um2(properties)) and area.area > 0]
    if not ratios or max(ratios) > (1 + _ALIKE) * min(ratios):
        return None
    return float(np.sqrt(np.median(ratios)))


def _area_um2(properties: Mapping[str, Any]) -> float | None:
    found = properties.get("measurements")
    if isinstance(found, list):  # as QuPath up to 0.3 wrote them
        found = {item.get("name"): item.get("value") for item in found if isinstance(item, dict)}
    places = (found, properties) if isinstance(found, dict) else (properties,)
    values = [place.get(name) for place in places for name in _AREAS_UM2]
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return next((number for number in numbers if np.isfinite(number) and number > 0), None)
