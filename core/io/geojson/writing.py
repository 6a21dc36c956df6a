"""Regions as polygons that QuPath, napari and squidpy read.

The outline of a region joins the shapes of its spots (`core.regions`), so that a file read back gives the same spots.
"""

import json
import math
from typing import Any

import numpy as np
import shapely

from core import regions
from core.annotation import Annotation, check_fits
from core.io.geojson.unit import OF_THE_FILE, OWN
from core.io.h5ad.writing import um_per_pixel
from core.regions import cells, joined
from core.sample import Sample
from core.text import counted

_MOST_ASKEW = 0.3  # spacings by which a spot may lie off a regular lattice in the image
_DIGITS = 7  # of a spacing


def as_geojson(annotation: Annotation, sample: Sample) -> tuple[str, str]:
    """Write the regions of an annotation as GeoJSON.

    Parameters
    ----------
    annotation : Annotation
    sample : Sample

    Returns
    -------
    text : str
        A FeatureCollection with one Feature for each region that has spots, in full-resolution pixels where the sample has
        them, else in micrometres; the entry `spatial_domains` says which. Name and colour are in `properties.classification`,
        as QuPath has them.
    said : str
        The unit, in a sentence, and which spots cannot come back: those that share a position with one of another region.

    Raises
    ------
    AnnotationError
        If the annotation is of another number of spots.
    """
    check_fits(annotation, sample)
    unit, points, spacing = _plane(sample)
    parts = spot_shapes(sample, points, spacing)
    digits = max(0, math.ceil(_DIGITS - math.log10(spacing)))
    areas = [_area(parts[annotation.assigned == number], spacing, digits) for number in range(len(annotation.regions))]
    features = [_feature(annotation, number, area) for number, area in enumerate(areas) if not area.is_empty]
    own = {"unit": OF_THE_FILE if unit == "um" and not sample.unit_known else unit, "sample": sample.name}
    whole = {"type": "FeatureCollection", OWN: own, "features": features}
    return json.dumps(whole), _said(annotation, sample, unit, _n_lost(annotation, areas, points))


def _plane(sample: Sample) -> tuple[str, np.ndarray, float]:
    """Choose the unit; give where spots lie in it, x and y, and the usual distance between neighbours."""
    spacing_um = math.sqrt(sample.coordinates.spot_um2)
    if sample.coords_px is None:
        return "array um" if sample.on_lattice else "um", sample.tissue_um, spacing_um
    return "px", np.asarray(sample.coords_px, dtype=np.float64)[:, ::-1], spacing_um / um_per_pixel(sample)


def spot_shapes(sample: Sample, points: np.ndarray, spacing: float) -> np.ndarray:
    """Give each spot an area: hexagons of the lattice as it lies in the plane, or cells around spots that lie on none.

    Parameters
    ----------
    sample : Sample
    points : ndarray of shape (n_spots, 2)
        Where its spots lie, x and y.
    spacing : float
        Usual distance between neighbours, in the same unit.

    Returns
    -------
    ndarray of shapely.Polygon, of shape (n_spots,)
    """
    if sample.lattice is None:
        return cells(points, spacing)
    in_plane = np.column_stack([sample.lattice[:, 1], sample.lattice[:, 0] * 3, np.ones(sample.n_spots)])
    onto, _, rank, _ = np.linalg.lstsq(in_plane, points, rcond=None)
    askew = np.hypot(*(in_plane @ onto - points).T).max()
    if rank < 3 or askew > _MOST_ASKEW * spacing:
        return cells(points, spacing)
    # Spots near each other share corners to the last bit, since the same numbers are moved.
    return np.asarray(
        shapely.transform(regions.shapes(sample.coordinates), lambda corners: corners @ onto[:2] + onto[2])
    )


def _area(parts: np.ndarray, spacing: float, digits: int) -> shapely.Geometry:
    return shapely.transform(joined(parts, spacing), lambda corners: np.round(corners, digits))


def _feature(annotation: Annotation, number: int, area: shapely.Geometry) -> dict[str, Any]:
    region = annotation.regions[number]
    colour = [int(region.colour[start : start + 2], 16) for start in (1, 3, 5)]
    return {
        "type": "Feature",
        "id": f"{annotation.id}-{number}",
        "geometry": json.loads(shapely.to_geojson(area)),
        "properties": {
            "objectType": "annotation",
            "name": region.name,
            "classification": {"name": region.name, "color": colour},
        },
    }


def _n_lost(annotation: Annotation, areas: list[shapely.Geometry], points: np.ndarray) -> int:
    found = np.full(annotation.n_spots, -1)
    for number, area in enumerate(areas):
        found[regions.contains(area, points)] = number
    return int((found != annotation.assigned).sum())


def _said(annotation: Annotation, sample: Sample, unit: str, n_lost: int) -> str:
    unknown = "units of the sample's file, whose length nobody said"
    words = {"px": "pixels of the full-resolution image", "array um": "µm on the array, since the sample has no image"}
    said = f"Coordinates are in {words.get(unit, 'µm' if sample.unit_known else unknown)}."
    if not n_lost:
        return said
    return (
        f"{said} {counted(n_lost, 'spot')} would come back with another region, since spots of different regions share a position: "
        "keep a CSV of barcodes too."
    )
