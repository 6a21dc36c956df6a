"""What the file of an annotation holds: plain JSON that the lab's scripts read without this program.

Spots are known by their barcodes, or without barcodes by their positions, so that a sample whose rows were put into another
order keeps its annotation, and one of other spots is refused.
"""

import dataclasses
import hashlib
import weakref
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core import codec
from core.annotation import MAX_NOTE, Annotation, Region
from core.annotation_history import Kept
from core.annotation_steps import Change, packed, unpacked
from core.errors import AnnotationError, CodecError
from core.sample import Sample
from core.text import counted, shown

MOST_BYTES = codec.MOST_BYTES
"""A longer file is not read."""

_VERSION = 1
_PLACE_DIGITS = 3  # nanometres


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The entries of the file, in its order.

    `assigned` holds runs of spots with the same region, such as `-1*20 0*5`: 20 spots of none, then 5 of the first.
    `spots` has a line for each spot: its barcode, or its position where the sample has no barcodes.
    """

    version: int = _VERSION
    id: str
    name: str
    author: str
    note: str
    source: str
    created: datetime
    changed: datetime
    regions: tuple[Region, ...]
    assigned: str
    spots: str
    by_barcode: bool
    positions: str
    count: int
    done: tuple[Change, ...]
    taken_back: tuple[Change, ...]
    acknowledged: dict[str, int]
    moves: tuple[tuple[int, tuple[int, ...]], ...]


def as_text(kept: Kept, sample: Sample) -> bytes:
    """Write an annotation as JSON.

    Parameters
    ----------
    kept : Kept
        With spots in the order of the sample.
    sample : Sample

    Returns
    -------
    bytes
    """
    annotation = kept.annotation
    names, by_barcode = _names(sample)
    own = {field.name: getattr(annotation, field.name) for field in dataclasses.fields(annotation)}
    history = {name: getattr(kept, name) for name in ("count", "done", "taken_back", "acknowledged", "moves")}
    own["assigned"] = _as_runs(annotation.assigned)
    return codec.encode(
        _File(**own, **history, spots=names, by_barcode=by_barcode, positions=_positions_digest(sample))
    )


def from_text(text: bytes, sample: Sample) -> Kept:
    """Read what :func:`as_text` wrote.

    Parameters
    ----------
    text : bytes
        Not trusted.
    sample : Sample

    Returns
    -------
    Kept
        With spots in the order of the sample.

    Raises
    ------
    CodecError
        If it is damaged, or anything else.
    AnnotationError
        If it is of other spots than the sample has.
    """
    file = codec.decode(_File, text, most_bytes=MOST_BYTES)
    if file.version != _VERSION:
        raise CodecError(f"it is of version {file.version}, which this program does not know; it knows {_VERSION}")
    n_spots = file.spots.count("\n") + 1
    try:
        annotation = Annotation(
            id=file.id,
            name=file.name,
            author=shown(file.author),
            note=file.note[:MAX_NOTE],
            created=codec.in_utc(file.created),
            changed=codec.in_utc(file.changed),
            regions=file.regions,
            assigned=_from_runs(file.assigned, n_spots),
            source=shown(file.source, 200),
        )
    except AnnotationError as error:
        raise CodecError(str(error)) from error
    kept = Kept(
        annotation=annotation,
        count=file.count,
        done=file.done,
        taken_back=file.taken_back,
        acknowledged=file.acknowledged,
        moves=file.moves,
    )
    order = _order(file, sample)
    return kept if order is None else _reordered(kept, order)


_named: "weakref.WeakKeyDictionary[Sample, tuple[str, bool]]" = weakref.WeakKeyDictionary()


def _names(sample: Sample) -> tuple[str, bool]:
    """Give a line for each spot, and say whether it is the barcode; kept as long as the sample, since each stroke asks for it."""
    if (known := _named.get(sample)) is None:
        known = _named[sample] = _lines(sample)
    return known


def _lines(sample: Sample) -> tuple[str, bool]:
    lines = "" if sample.barcodes is None else "\n".join(sample.barcodes.tolist())
    if sample.barcodes is not None and lines.count("\n") == sample.n_spots - 1:
        return lines, True
    return "\n".join(f"{one},{other}" for one, other in _places(sample).tolist()), False


def _places(sample: Sample) -> np.ndarray:
    # Adding zero makes -0 and 0 one place.
    return sample.lattice if sample.lattice is not None else np.round(sample.tissue_um, _PLACE_DIGITS) + 0.0


def _positions_digest(sample: Sample) -> str:
    places = np.ascontiguousarray(_places(sample), dtype="<f8")
    return hashlib.sha256(places.tobytes()).hexdigest()[:32]


def _order(file: _File, sample: Sample) -> np.ndarray | None:
    """Index in the file of each spot of the sample; None where they are in the same order."""
    names, by_barcode = _names(sample)
    if by_barcode != file.by_barcode:  # barcodes were put into the sample's file, or left out of it
        if file.positions == _positions_digest(sample):
            return None
        raise AnnotationError(_other_spots(file, sample, "and only one of the two has barcodes to find them by"))
    if file.spots == names:
        return None
    kept, wanted = file.spots.split("\n"), names.split("\n")
    index = {name: number for number, name in enumerate(kept)}
    n_found = sum(name in index for name in wanted)
    if n_found < len(wanted) or len(wanted) != len(kept) or len(index) != len(kept):
        raise AnnotationError(
            _other_spots(
                file,
                sample,
                f"of which {n_found:,} are the same: export the annotation as CSV from the sample that it was "
                "drawn on, and bring that in",
            )
        )
    return np.array([index[name] for name in wanted])


def _other_spots(file: _File, sample: Sample, more: str) -> str:
    n_spots = file.spots.count("\n") + 1
    return (
        f"The annotation {shown(file.name)} was drawn on {counted(n_spots, 'spot')}, and {shown(sample.name)} now has other "
        f"{counted(sample.n_spots, 'spot')}, {more}."
    )


def _reordered(kept: Kept, order: np.ndarray) -> Kept:
    to_sample = np.argsort(order)
    return dataclasses.replace(
        kept,
        annotation=dataclasses.replace(kept.annotation, assigned=kept.annotation.assigned[order]),
        done=tuple(_reordered_change(change, to_sample) for change in kept.done),
        taken_back=tuple(_reordered_change(change, to_sample) for change in kept.taken_back),
    )


def _reordered_change(change: Change, to_sample: np.ndarray) -> Change:
    spots = unpacked(change.spots, len(to_sample))
    if len(spots) and not (spots.min() >= 0 and spots.max() < len(to_sample)):
        raise CodecError("its record of steps names spots that it does not have")
    return dataclasses.replace(change, spots=packed(to_sample[spots]))


def _as_runs(assigned: np.ndarray) -> str:
    starts = np.flatnonzero(np.diff(assigned, prepend=assigned[:1] - 1))
    lengths = np.diff(starts, append=len(assigned))
    return " ".join(
        f"{region}*{length}" for region, length in zip(assigned[starts].tolist(), lengths.tolist(), strict=True)
    )


def _from_runs(text: str, n_spots: int) -> np.ndarray:
    try:
        runs = np.array([run.split("*") for run in text.split()], dtype=np.int64).reshape(-1, 2)
    except (ValueError, OverflowError) as error:
        raise CodecError("its assignment of spots is damaged") from error
    regions, lengths = runs[:, 0], runs[:, 1]
    # Each length is checked by itself, since a sum may overflow, and before memory is taken.
    if (lengths < 1).any() or (lengths > n_spots).any() or int(lengths.sum()) != n_spots:
        raise CodecError(f"it assigns another number of spots than the {n_spots:,} that it lists")
    return np.repeat(regions, lengths)
