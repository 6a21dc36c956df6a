"""Steps by which an annotation changes, and what undoes them.

A step applies to the annotation as it is now and gives a new one, with a record of what changed.
"""

import base64
import dataclasses
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import numpy as np

from core.annotation import UNASSIGNED, Annotation, Region
from core.coordinates import Coordinates
from core.errors import AnnotationError
from core.text import counted, shown

HISTORY = 100
"""Steps that can be undone."""

Kind = Literal["add", "take", "intersect", "grow", "fill", "new region", "remove region", "rename", "recolour", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change that somebody asks for.

    Parameters
    ----------
    kind : str
        `add` puts spots into the region, whatever they belonged to; `take` takes those of the region out of it; `intersect`
        leaves the region only those; `grow` adds the unassigned neighbours of the region; `fill` adds the unassigned spots
        that it encloses. `new region` adds a region with `name` and `colour` to the legend, and the spots to it; `remove
        region` leaves its spots unassigned; `rename`, `recolour`; `merge` puts the spots of the region `other` into the region
        and removes `other`.
    region : int
        Index of the region.
    spots : tuple of int
        Indices of spots.
    name, colour : str
        New ones.
    other : int
        Of `merge`.
    """

    kind: Kind
    region: int = 0
    spots: tuple[int, ...] = ()
    name: str = ""
    colour: str = ""
    other: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise AnnotationError(
                f"{shown(self.kind)!r} is no step of drawing; those are {', '.join(map(str, get_args(Kind)))}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a step changed, so that it can be undone and done again.

    Parameters
    ----------
    what : str
        The step in words, such as `Add 120 spots to Layer 4`.
    spots, before, after : str
        Packed (:func:`packed`): indices of spots whose region changed, and their region before and after.
    regions_before, regions_after : tuple of Region, optional
        Where the legend changed.
    moved : tuple of int, optional
        Where regions were removed, the new index of each, -1 for those that are gone.
    """

    what: str
    spots: str = ""
    before: str = ""
    after: str = ""
    regions_before: tuple[Region, ...] | None = None
    regions_after: tuple[Region, ...] | None = None
    moved: tuple[int, ...] | None = None


def applied(annotation: Annotation, step: Step, coordinates: Coordinates) -> tuple[Annotation, Change | None]:
    """Apply a step.

    Parameters
    ----------
    annotation : Annotation
    step : Step
    coordinates : Coordinates
        Of the sample, for steps that follow the tissue.

    Returns
    -------
    annotation : Annotation
        Changed now.
    change : Change or None
        None where the step changes nothing.

    Raises
    ------
    AnnotationError
        If the annotation has no such region or spot, or the new name or colour is none.
    """
    if step.kind != "new region":
        _check_region(annotation, step.region)
    regions, assigned = _STEPS[step.kind](annotation, step, coordinates)
    after = dataclasses.replace(annotation, regions=regions, assigned=assigned, changed=datetime.now(UTC))
    n_changed = int((after.assigned != annotation.assigned).sum())
    change = change_between(annotation, after, _in_words(annotation, step, n_changed))
    return (annotation, None) if change is None else (after, change)


def change_between(before: Annotation, after: Annotation, what: str) -> Change | None:
    """Record what differs between two states of an annotation.

    Parameters
    ----------
    before, after : Annotation
    what : str
        In words.

    Returns
    -------
    Change or None
        None where the regions and their spots are the same.
    """
    spots = np.flatnonzero(before.assigned != after.assigned)
    legend = before.regions != after.regions
    if not len(spots) and not legend:
        return None
    return Change(
        what=what,
        spots=packed(spots),
        before=packed(before.assigned[spots]),
        after=packed(after.assigned[spots]),
        regions_before=before.regions if legend else None,
        regions_after=after.regions if legend else None,
        moved=_moved(before, after) if len(after.regions) < len(before.regions) else None,
    )


def undone(annotation: Annotation, change: Change) -> Annotation:
    """Take back the last change.

    Parameters
    ----------
    annotation : Annotation
        As it was after the change.
    change : Change

    Returns
    -------
    Annotation

    Raises
    ------
    AnnotationError
        If the record of the change is damaged.
    """
    return _set(annotation, change, change.before, change.regions_before)


def redone(annotation: Annotation, change: Change) -> Annotation:
    """Make a change again that was taken back.

    Parameters
    ----------
    annotation : Annotation
        As it was before the change.
    change : Change

    Returns
    -------
    Annotation

    Raises
    ------
    AnnotationError
        As :func:`undone`.
    """
    return _set(annotation, change, change.after, change.regions_after)


def packed(numbers: np.ndarray) -> str:
    """Write whole numbers as short text: their differences, compressed.

    Parameters
    ----------
    numbers : ndarray of int

    Returns
    -------
    str
    """
    differences = np.diff(np.asarray(numbers, dtype=np.int64), prepend=0).astype("<i4")
    return base64.b64encode(zlib.compress(differences.tobytes(), 1)).decode()


def unpacked(text: str, n_most: int) -> np.ndarray:
    """Read what :func:`packed` wrote.

    Parameters
    ----------
    text : str
        Not trusted.
    n_most : int
        More numbers are refused before they take memory.

    Returns
    -------
    ndarray of int64

    Raises
    ------
    AnnotationError
        If it is anything else.
    """
    try:
        reader = zlib.decompressobj()
        plain = reader.decompress(base64.b64decode(text, validate=True), 4 * n_most + 1)
        if not reader.eof or len(plain) % 4 or len(plain) > 4 * n_most:
            raise ValueError
        return np.cumsum(np.frombuffer(plain, dtype="<i4"), dtype=np.int64)
    except (ValueError, zlib.error) as error:
        raise AnnotationError("The record of earlier steps is damaged: they cannot be undone.") from error


def moved_by(change: Change, *, undo: bool) -> tuple[int, ...] | None:
    """Say where regions went.

    Parameters
    ----------
    change : Change
    undo : bool
        Whether the change was taken back.

    Returns
    -------
    tuple of int or None
        New index of each region, -1 for those that are gone; None where all kept theirs.
    """
    if change.regions_before is None or change.regions_after is None:
        return None
    if not undo:
        return change.moved
    n_after, n_before = len(change.regions_after), len(change.regions_before)
    if change.moved is None:  # a region that the step had made is gone
        return tuple(range(n_before)) + (-1,) * (n_after - n_before) if n_after > n_before else None
    return tuple(change.moved.index(number) if number in change.moved else -1 for number in range(n_after))


def _check_region(annotation: Annotation, region: int) -> None:
    if not 0 <= region < len(annotation.regions):
        raise AnnotationError(
            f"{shown(annotation.name)} has {counted(len(annotation.regions), 'region')}, so there is none with the number "
            f"{region + 1}: it may have been removed in another window."
        )


def _chosen(annotation: Annotation, step: Step) -> np.ndarray:
    spots = np.asarray(step.spots, dtype=np.int64)
    if len(spots) and not (spots.min() >= 0 and spots.max() < annotation.n_spots):
        raise AnnotationError(
            f"A step names spots that the sample, of {counted(annotation.n_spots, 'spot')}, does not have."
        )
    chosen = np.zeros(annotation.n_spots, dtype=bool)
    chosen[spots] = True
    return chosen


_Outcome = tuple[tuple[Region, ...], np.ndarray]


def _add(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    return annotation.regions, np.where(_chosen(annotation, step), step.region, annotation.assigned)


def _take(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    gone = _chosen(annotation, step) & (annotation.assigned == step.region)
    return annotation.regions, np.where(gone, UNASSIGNED, annotation.assigned)


def _intersect(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    gone = ~_chosen(annotation, step) & (annotation.assigned == step.region)
    return annotation.regions, np.where(gone, UNASSIGNED, annotation.assigned)


def _by_tissue(annotation: Annotation, step: Step, coordinates: Coordinates) -> _Outcome:
    from core import regions  # brings shapely, which no other step needs

    find = {"grow": regions.ring, "fill": regions.enclosed}[step.kind]
    found = find(coordinates, annotation.assigned == step.region) & (annotation.assigned == UNASSIGNED)
    return annotation.regions, np.where(found, step.region, annotation.assigned)


def _new_region(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    regions = (*annotation.regions, Region(step.name, step.colour))
    return regions, np.where(_chosen(annotation, step), len(annotation.regions), annotation.assigned)


def _changed_region(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    old = annotation.regions[step.region]
    new = Region(step.name, old.colour) if step.kind == "rename" else Region(old.name, step.colour)
    regions = (*annotation.regions[: step.region], new, *annotation.regions[step.region + 1 :])
    return regions, annotation.assigned


def _remove_region(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    return _without(annotation.regions, annotation.assigned, step.region, UNASSIGNED)


def _merge(annotation: Annotation, step: Step, _: Coordinates) -> _Outcome:
    _check_region(annotation, step.other)
    if step.other == step.region:
        return annotation.regions, annotation.assigned
    return _without(annotation.regions, annotation.assigned, step.other, step.region)


def _without(regions: tuple[Region, ...], assigned: np.ndarray, gone: int, instead: int) -> _Outcome:
    rest = np.where(assigned == gone, instead, assigned)
    return regions[:gone] + regions[gone + 1 :], np.where(rest > gone, rest - 1, rest)


_STEPS: dict[str, Callable[[Annotation, Step, Coordinates], _Outcome]] = {
    "add": _add,
    "take": _take,
    "intersect": _intersect,
    "grow": _by_tissue,
    "fill": _by_tissue,
    "new region": _new_region,
    "remove region": _remove_region,
    "rename": _changed_region,
    "recolour": _changed_region,
    "merge": _merge,
}


def _moved(before: Annotation, after: Annotation) -> tuple[int, ...]:
    left = after.names
    return tuple(left.index(name) if name in left else -1 for name in before.names)


def _in_words(annotation: Annotation, step: Step, n_changed: int) -> str:
    names, spots = annotation.names, counted(n_changed, "spot")
    name = names[step.region] if step.kind != "new region" else step.name
    return {
        "add": f"Add {spots} to {name}",
        "take": f"Take {spots} from {name}",
        "intersect": f"Take {spots} from {name}",
        "grow": f"Grow {name} by {spots}",
        "fill": f"Fill holes of {name} with {spots}",
        "new region": f"New region {name}",
        "remove region": f"Remove {name}",
        "rename": f"Rename {name} to {step.name}",
        "recolour": f"Recolour {name}",
        "merge": f"Join {names[step.other] if step.kind == 'merge' else ''} with {name}",
    }[step.kind]


def _set(annotation: Annotation, change: Change, values: str, regions: tuple[Region, ...] | None) -> Annotation:
    spots, new = unpacked(change.spots, annotation.n_spots), unpacked(values, annotation.n_spots)
    if len(spots) != len(new) or (len(spots) and not (spots.min() >= 0 and spots.max() < annotation.n_spots)):
        raise AnnotationError("The record of earlier steps does not fit the annotation: they cannot be undone.")
    assigned = annotation.assigned.astype(np.int64)
    assigned[spots] = new
    regions = annotation.regions if regions is None else regions
    return dataclasses.replace(annotation, regions=regions, assigned=assigned, changed=datetime.now(UTC))
