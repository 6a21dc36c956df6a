"""Tables of several sections, in which a spot is named more than once: the rows of one are taken, or none.

All slides of one kind share their barcodes, so a table of several sections gives a spot as many labels.
"""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.io.spot_names import Found, names_it
from core.layer_names import LAYERS, canonical

MAX_SECTIONS = 100

_LEAST_TELLING = 2
_SECTION = r"sample|section|slide|slice|library|batch|fov|donor|subject|^id$"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """The rows of one section: index of the spot of each, -1 for those of others."""

    spots: np.ndarray
    sections: Sequence[str] = ()
    section: str | None = None
    column: int | None = None
    repeated: Sequence[int] = ()

    @property
    def n_repeated(self) -> int:
        """Spots that have several labels, where nothing tells which is the sample's."""
        return len(self.repeated)

    def without_repeated(self) -> "Split":
        """Leave out the rows of such spots."""
        spots = np.where(np.isin(self.spots, self.repeated), -1, self.spots)
        return dataclasses.replace(self, spots=spots, repeated=())


def of_one_section(
    rows: list[list[str]],
    found: Found,
    which: int,
    titles: Sequence[str],
    called: Sequence[str],
    section: str | None = None,
) -> Split:
    """Take the rows of one section, where a table names spots more than once.

    Parameters
    ----------
    rows : list of list of str
        Without the header, all of one length.
    found : Found
        Which spot each row names.
    which : int
        Column of these names.
    titles : sequence of str
        Of all columns.
    called : sequence of str
        What the sample, its file and its folders are called.
    section : str, optional
        Whose rows to take, instead of those of the section that `called` names.

    Returns
    -------
    Split
        With `n_repeated` above 0 where nothing tells which rows are the sample's.
    """
    repeated = _repeated(rows, found.spots, which)
    if not repeated:
        return Split(spots=found.spots)
    of_rows = _ways(rows, found, which, titles)
    every = [_names(way.values, found.spots) for way in of_rows]
    for way, sections in zip(of_rows, every, strict=True):
        taken = _own(sections, called, way, found.own_marks) if section is None else section
        if taken in sections:
            spots = np.where(way.values == taken, found.spots, -1)
            return Split(spots=spots, sections=sections, section=taken, column=way.column)
    return Split(spots=found.spots, sections=every[0] if every else (), repeated=repeated)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Way:
    """How rows could be told apart: by a column, or by what stands around names; `is_called` if its title says so."""

    values: np.ndarray
    column: int | None = None
    is_called: bool = True


def _ways(rows: list[list[str]], found: Found, which: int, titles: Sequence[str]) -> list[_Way]:
    """Find what tells rows of one spot apart; columns of any title only where none is called after sections."""
    others = [number for number in range(len(titles)) if number != which]
    columns = [
        _Way(values=_column(rows, number), column=number, is_called=bool(re.search(_SECTION, titles[number].lower())))
        for number in (others if len(others) > 1 else [])  # one of them has to hold labels
    ]
    ways = [way for way in [_Way(values=found.marks), *columns] if _tells_apart(way.values, found.spots)]
    return [way for way in ways if way.is_called] or ways


def _names(values: np.ndarray, spots: np.ndarray) -> list[str]:
    return sorted(set(values[spots >= 0].tolist()) - {""})


def _repeated(rows: list[list[str]], spots: np.ndarray, which: int) -> Sequence[int]:
    """Find the spots that stand more than once in rows that differ."""
    said: dict[int, list[str]] = {}
    repeated = set()
    for row, spot in zip(rows, spots.tolist(), strict=True):
        rest = [cell for number, cell in enumerate(row) if number != which]
        if spot >= 0 and said.setdefault(spot, rest) != rest:
            repeated.add(spot)
    return sorted(repeated)


def _column(rows: list[list[str]], number: int) -> np.ndarray:
    return np.array([row[number].strip() for row in rows], dtype=object)  # as wide as each is, not all as the longest


def _tells_apart(values: np.ndarray, spots: np.ndarray) -> bool:
    """Whether each spot stands once among rows of one value, and there are few values."""
    named = spots >= 0
    _, codes = np.unique(values[named], return_inverse=True)
    pairs = codes.astype(np.int64) * (spots.max(initial=0) + 1) + spots[named]
    return 2 <= codes.max(initial=-1) + 1 <= MAX_SECTIONS and len(np.unique(pairs)) == len(pairs)


def _own(sections: Sequence[str], called: Sequence[str], way: _Way, own_marks: frozenset[str]) -> str | None:
    """Find the section that the sample's name holds, or that is marked as its own spots are."""
    named = [section for section in sections if names_it(section, called)]
    is_mark = way.column is None
    if len(named) == 1 and not (is_mark and _is_number(named[0])) and (way.is_called or _is_telling(named[0])):
        return named[0]
    own = next(iter(own_marks)) if len(own_marks) == 1 else ""
    # Every section by itself has barcodes that end in -1, so that a 1 tells nothing.
    return own if is_mark and own in sections and own.strip("-") not in ("", "1") else None


def _is_telling(name: str) -> bool:
    """Whether a text looks like the name of a section, and not like a label that a folder may be called by, too."""
    return len(name) >= _LEAST_TELLING and any(sign.isdigit() for sign in name) and canonical(name) not in LAYERS


def _is_number(mark: str) -> bool:
    return mark.strip("-").isdigit()
