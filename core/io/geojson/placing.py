"""Where shapes lie on a sample: in which unit their coordinates are, and which spots they hit.

A file rarely says its unit. Each that is possible is tried, and the one in which the shapes lie best on the tissue is taken and
said, so that people can choose another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from core.annotation import PLAIN_COLOUR, UNASSIGNED, Annotation, Region, check_number, new_annotation
from core.errors import AnnotationError
from core.io.geojson.reading import Drawing
from core.io.h5ad.writing import um_per_pixel
from core.region_names import fitting_names
from core.sample import Sample
from core.text import counted, shown

UNITS = {
    "px": "pixels of the full-resolution image",
    "image px": "pixels of the small image",
    "um": "µm",
    "array um": "µm on the array",
}
"""Units that coordinates are looked at in, in the order of preference."""

FLIPS = {"none": "", "swapped": "with x and y exchanged", "mirrored": "with y counted upwards"}
"""How the axes of a file may lie."""

_BETTER = 0.05  # so much more of a file and of the tissue must meet with other axes, or it is taken as it is
_LOOSE = 0.7  # people draw loosely, over the edge: as much of a region on the tissue is as good as all
_COMMON = 1.5  # regions of an array with an image are mostly drawn on that image
_ALSO = 0.4  # what scores less beside the best fits by chance
# A region read in another unit lies on tissue by 0.15 less, or it is not told apart: measured on single layers of three sections.
_AS_GOOD = 0.15
_SAME_LENGTH = 0.03
_MOST_NEAR, _TIMES_OVER = 4_000_000, 30  # pairs of a shape and a spot in its frame: a second's work for all units


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """How shapes lie on a sample in one unit.

    Parameters
    ----------
    unit, flip : str
    um_per_unit : float
    points : ndarray of shape (n_spots, 2), float
        Spots in the coordinates of the file, x and y.
    hits : tuple of ndarray of int
        Index of the shape, and of a spot in it, for all such pairs.
    n_hit : int
        Spots in any shape.
    on_tissue : float
        Share of the area of the shapes that spots take, from 0 to 1.
    """

    unit: str
    flip: str
    um_per_unit: float
    points: np.ndarray
    hits: tuple[np.ndarray, np.ndarray]
    n_hit: int
    on_tissue: float

    @property
    def score(self) -> float:
        """How well they lie on it: how much of their area is on tissue, and how much of the tissue they hit."""
        return (
            min(self.on_tissue, _LOOSE)
            * float(np.sqrt(self.n_hit / len(self.points)))
            * (_COMMON if self.unit == "px" else 1)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Shapes of a file, as regions of a sample.

    Parameters
    ----------
    file_name : str
    regions : tuple of Region
        In the order of the file; shapes of one name are one region.
    uncoloured : frozenset of str
        Names of the regions that the file gives no colour; here they have `PLAIN_COLOUR`.
    assigned : ndarray of shape (n_spots,), int
    unit, flip : str
        Keys of `UNITS` and `FLIPS`.
    um_per_unit : float
    said : str
        In a sentence, in which unit the file was read, and what it hits.
    notes : tuple of str
        What else has to be known: what was mended, left out, overwritten or cut.
    others : tuple of str
        Other units in which they fit as well: somebody has to say which is right.
    """

    file_name: str
    regions: tuple[Region, ...]
    uncoloured: frozenset[str]
    assigned: np.ndarray
    unit: str
    flip: str
    um_per_unit: float
    said: str
    notes: tuple[str, ...]
    others: tuple[str, ...] = ()

    def annotation(self, name: str, author: str = "", colours: Mapping[str, str] | None = None) -> Annotation:
        """Make an annotation of it.

        Parameters
        ----------
        name, author
            As :class:`core.annotation.Annotation`.
        colours : mapping of str to str, optional
            By name, for regions that the file gives no colour.

        Returns
        -------
        Annotation
        """
        source = f"import of {self.file_name}"
        chosen = colours or {}
        regions = tuple(
            Region(region.name, chosen.get(region.name, PLAIN_COLOUR)) if region.name in self.uncoloured else region
            for region in self.regions
        )
        start = new_annotation(len(self.assigned), name=name, author=author, regions=regions, source=source)
        return start.with_assigned(self.assigned)


def place(drawing: Drawing, sample: Sample, *, unit: str | float | None = None, flip: str | None = None) -> Placed:
    """Find the spots in each shape of a file.

    Parameters
    ----------
    drawing : Drawing
    sample : Sample
    unit : str or float, optional
        A key of `UNITS`, or micrometres of one unit of the file. What fits best by default.
    flip : str, optional
        A key of `FLIPS`. What fits best by default.

    Returns
    -------
    Placed
        A spot is in a shape as `shapely.intersects` decides it: also on its border. One that lies in shapes of several regions
        belongs to the last.

    Raises
    ------
    AnnotationError
        If no shape hits a spot, the sample has no such unit, or there are too many regions.
    """
    _check_choices(unit, flip)
    areas = np.array([shape.area for shape in drawing.shapes])
    fits = _fits_of(drawing, areas, sample, unit, flip)
    if not fits:
        raise AnnotationError(_no_such_unit(sample, str(unit)))
    best, others = _best(fits)
    if not best.n_hit:
        raise AnnotationError(_off_the_tissue(drawing, areas, best))
    regions, uncoloured, of_shape, cut = _regions(drawing)
    assigned, overwritten = _assigned(best.hits, of_shape, sample.n_spots)
    notes = [*drawing.notes, *cut, *_overwritten_words(overwritten), *_missed(regions, assigned), *_others(others)]
    return Placed(
        file_name=drawing.file_name,
        regions=regions,
        uncoloured=uncoloured,
        assigned=assigned,
        unit=best.unit,
        flip=best.flip,
        um_per_unit=best.um_per_unit,
        said=_said(drawing, sample, best, len(regions)),
        notes=tuple(notes),
        others=tuple(fit.unit for fit in others),
    )


def frames(sample: Sample) -> dict[str, tuple[np.ndarray, float]]:
    """List the units in which coordinates of a sample can be given.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    dict of str to (ndarray of shape (n_spots, 2), float)
        By the keys of `UNITS`: where spots lie, x and y, and micrometres of one unit.
    """
    found: dict[str, tuple[np.ndarray, float]] = {}
    if sample.coords_px is not None:
        pixels, um = np.asarray(sample.coords_px, dtype=np.float64)[:, ::-1], um_per_pixel(sample)
        found["px"] = pixels, um
        if sample.image is not None:
            found["image px"] = pixels * sample.image.scale, um / sample.image.scale
        if sample.on_lattice:
            found["um"] = pixels * um, 1.0
    found["array um" if sample.on_lattice else "um"] = sample.tissue_um, 1.0
    return found


def _check_choices(unit: str | float | None, flip: str | None) -> None:
    if isinstance(unit, str) and unit not in UNITS:
        raise AnnotationError(
            f"{shown(unit)!r} is no unit of coordinates: choose {', '.join(UNITS)}, or µm of one unit."
        )
    if isinstance(unit, float | int) and not (np.isfinite(unit) and unit > 0):
        raise AnnotationError(f"One unit of a file cannot be {unit} µm: give a number above 0.")
    if flip is not None and flip not in FLIPS:
        raise AnnotationError(f"{shown(flip)!r} says nothing of axes: choose {', '.join(FLIPS)}.")


def _fits_of(
    drawing: Drawing, areas: np.ndarray, sample: Sample, unit: str | float | None, flip: str | None
) -> list[Fit]:
    """Try what somebody says, or else what the file says of itself, or else all units."""
    if unit is not None:
        return list(_fits(areas, sample, unit, flip))
    # In a file of this program the axes are known too.
    named = list(_fits(areas, sample, drawing.unit, flip or "none")) if drawing.unit else []
    if named:
        return named
    fits = list(_fits(areas, sample, None, flip))
    if drawing.um_per_unit is None:
        return fits
    known = [fit for fit in fits if abs(fit.um_per_unit / drawing.um_per_unit - 1) < _SAME_LENGTH]
    return known or list(_fits(areas, sample, drawing.um_per_unit, flip))


def _fits(areas: np.ndarray, sample: Sample, unit: str | float | None, flip: str | None) -> Iterator[Fit]:
    for name, (points, um) in _chosen_frames(sample, unit).items():
        for turned in FLIPS if flip is None else (flip,):
            yield _fit(areas, sample, name, turned, _turned(points, turned, _height(sample, um)), um)


def _chosen_frames(sample: Sample, unit: str | float | None) -> dict[str, tuple[np.ndarray, float]]:
    known = frames(sample)
    if isinstance(unit, str) and unit:
        # Without an image, µm can only be those on the array.
        key = unit if unit in known or unit != "um" else "array um"
        return {key: known[key]} if key in known else {}
    if unit:
        points, um = known.get("um") or known["array um"]
        return {"um": (points * um / float(unit), float(unit))}
    return known


def _height(sample: Sample, um: float) -> float:
    """Height of the image in a unit; 0 where there is none, so that axes are counted from the same origin."""
    if sample.image is None or sample.coords_px is None:
        return 0.0
    return sample.image.pixels.shape[0] / sample.image.scale * um_per_pixel(sample) / um


def _turned(points: np.ndarray, flip: str, height: float) -> np.ndarray:
    if flip == "swapped":
        return points[:, ::-1]
    return np.stack([points[:, 0], height - points[:, 1]], axis=1) if flip == "mirrored" else points


def _fit(areas: np.ndarray, sample: Sample, unit: str, flip: str, points: np.ndarray, um: float) -> Fit:
    shape, spot = _hits(areas, points)
    spots_area = len(spot) * sample.coordinates.spot_um2 / um**2
    on_tissue = min(1.0, spots_area / float(shapely.area(areas).sum()))
    return Fit(
        unit=unit,
        flip=flip,
        um_per_unit=um,
        points=points,
        hits=(shape, spot),
        n_hit=len(np.unique(spot)),
        on_tissue=on_tissue,
    )


def _hits(areas: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the spots in each shape, some shapes at a time, so that shapes that lie over one another are told before they fill memory."""
    tree, found, left = shapely.STRtree(shapely.points(points)), [], max(_MOST_NEAR, _TIMES_OVER * len(points))
    step = max(1, _MOST_NEAR // len(points))
    for first in range(0, len(areas), step):
        left -= tree.query(areas[first : first + step]).shape[1]  # by their frames alone
        if left < 0:
            raise AnnotationError(
                f"The {counted(len(areas), 'shape')} lie over one another so often that spots are in hundreds of them: are they outlines of "
                "cells, or one region many times? Save each region once."
            )
        shape, spot = tree.query(areas[first : first + step], predicate="intersects")
        found.append((shape + first, spot))
    shapes, spots = zip(*found, strict=True)
    return np.concatenate(shapes), np.concatenate(spots)


def _best(fits: list[Fit]) -> tuple[Fit, list[Fit]]:
    """Choose the unit in which they lie best, and list others in which they lie as well.

    Other axes are taken only where clearly more is on the tissue than by chance.
    """
    as_told = [fit for fit in fits if fit.flip == fits[0].flip]
    enough = _ALSO * max(map(_score, as_told))
    possible = [fit for fit in as_told if fit.score >= enough]
    most = max(fit.on_tissue for fit in possible) - _AS_GOOD
    best, *others = sorted((fit for fit in possible if fit.on_tissue >= most), key=_score, reverse=True)
    turned = max((fit for fit in fits if fit.unit == best.unit or not best.n_hit), key=_covered)
    by_chance = 2 / np.sqrt(max(1, turned.n_hit))
    better = _covered(turned) - _covered(best) > _BETTER + by_chance or not best.n_hit
    return (turned, []) if better else (best, others)


def _covered(fit: Fit) -> float:
    return fit.on_tissue + fit.n_hit / len(fit.points)


def _score(fit: Fit) -> float:
    return fit.score


def _regions(drawing: Drawing) -> tuple[tuple[Region, ...], frozenset[str], np.ndarray, list[str]]:
    """Regions by the names of shapes, those without a colour, the region of each shape, and what was cut."""
    names = [shape.name.strip() or f"Region {number + 1}" for number, shape in enumerate(drawing.shapes)]
    known = list(dict.fromkeys(names))
    check_number(len(known))
    fitting = fitting_names(known)
    first = {
        name: shape.colour for name, shape in reversed(list(zip(names, drawing.shapes, strict=True))) if shape.colour
    }
    regions = tuple(Region(new, first.get(name) or PLAIN_COLOUR) for name, new in zip(known, fitting, strict=True))
    n_cut = sum(old != new for old, new in zip(known, fitting, strict=True))
    cut = [
        f"{counted(n_cut, 'name')} of regions could not stay as in the file: at most 60 characters that can be printed."
    ]
    uncoloured = frozenset(new for name, new in zip(known, fitting, strict=True) if name not in first)
    return regions, uncoloured, np.array([known.index(name) for name in names]), cut if n_cut else []


def _assigned(hits: tuple[np.ndarray, np.ndarray], of_shape: np.ndarray, n_spots: int) -> tuple[np.ndarray, int]:
    """Region of each spot, the last where several have it, and how many spots are in several."""
    order = np.argsort(hits[0], kind="stable")
    regions, spots = of_shape[hits[0][order]], hits[1][order]
    assigned = np.full(n_spots, UNASSIGNED)
    assigned[spots] = regions  # numpy keeps the last of several
    several = np.unique(spots[regions != assigned[spots]])
    return assigned, len(several)


def _overwritten_words(n_spots: int) -> list[str]:
    return (
        [f"{counted(n_spots, 'spot')} in several regions belong to the one that comes last in the file."]
        if n_spots
        else []
    )


def _missed(regions: tuple[Region, ...], assigned: np.ndarray) -> list[str]:
    empty = [shown(region.name) for number, region in enumerate(regions) if not (assigned == number).any()]
    return [f"No spot belongs to {', '.join(empty)}."] if empty else []


def _others(others: list[Fit]) -> list[str]:
    return [
        f"They fit as well in {UNITS[fit.unit]}, with {counted(fit.n_hit, 'spot')}: say which is right."
        for fit in others
    ]


def _said(drawing: Drawing, sample: Sample, fit: Fit, n_regions: int) -> str:
    turned = f", {FLIPS[fit.flip]}" if FLIPS[fit.flip] else ""
    scale = "" if fit.unit in ("um", "array um") and fit.um_per_unit == 1 else f" (1 unit is {fit.um_per_unit:.4g} µm)"
    unit = UNITS[fit.unit] if sample.unit_known else "the unit of the sample's file"
    unit = f"units of {fit.um_per_unit:.4g} µm" if fit.unit == "um" and fit.um_per_unit != 1 else f"{unit}{scale}"
    return (
        f"{drawing.file_name} was read in {unit}{turned}: {counted(n_regions, 'region')} with {fit.n_hit:,} of "
        f"{counted(sample.n_spots, 'spot')}, and {fit.on_tissue:.0%} of their area on the tissue."
    )


def _off_the_tissue(drawing: Drawing, areas: np.ndarray, fit: Fit) -> str:
    low, high = fit.points.min(axis=0), fit.points.max(axis=0)
    left, top, right, bottom = shapely.total_bounds(areas)
    return (
        f"No region of {drawing.file_name} lies on a spot: its coordinates run from ({left:.4g}, {top:.4g}) to ({right:.4g}, "
        f"{bottom:.4g}), those of spots from ({low[0]:.4g}, {low[1]:.4g}) to ({high[0]:.4g}, {high[1]:.4g}) in {UNITS[fit.unit]}. "
        "Was it drawn on another section, or is one unit another length? Then say how many µm one unit is."
    )


def _no_such_unit(sample: Sample, unit: str) -> str:
    known = ", ".join(frames(sample))
    return f"{shown(sample.name)} has no positions in {UNITS.get(unit, shown(unit))}: choose among {known}, or give µm of one unit."
