"""Finding spots by their names, in the spellings that tables and programs give them.

Tools put names of samples before barcodes (`S1_AAAC-1`) or numbers behind them (`AAAC-1_2`, `AAAC-1.1`), R turns `-` into `.`,
and some drop the `-1`. Spellings are tried from the strictest to the loosest, the same on both sides.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

_CORE = re.compile(r"[ACGT]{12,}")
_NUMBER = re.compile(r"(?:[-_.]\d{1,3})+$")
_BETWEEN = "-_:#|!/. "
_TELLING_DIGITS = 3
_WORDS_BEFORE = re.compile(r"^.*[_:#|!/ ](?=[^_:#|!/ ]*[^\d_:#|!/ .-])")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Which spot each row of a table names.

    Parameters
    ----------
    spots : ndarray of shape (n_rows,), int
        Index of the spot, -1 for none.
    marks : ndarray of shape (n_rows,), str
        What stands around the name of a spot, such as `S1_` or `-2`: it may name a section.
    own_marks : frozenset of str
        What stands around the sample's own names.
    """

    spots: np.ndarray
    marks: np.ndarray
    own_marks: frozenset[str]

    @property
    def n_spots(self) -> int:
        """Spots that a row names."""
        return len(np.unique(self.spots[self.spots >= 0]))


class SpotNames:
    """Names of a sample's spots, to be looked up in any spelling.

    Parameters
    ----------
    spots : sequence of str
    """

    def __init__(self, spots: Sequence[str]) -> None:
        self._spots = list(spots)
        self._indices: dict[Callable[[str], str], dict[str, int]] = {}

    def find(self, names: Sequence[str]) -> Found:
        """Find which spot each name stands for.

        Parameters
        ----------
        names : sequence of str
            One for each row of a table.

        Returns
        -------
        Found
            By the strictest spelling that finds a spot; with rows of other sections, where only what stands around the
            names keeps them apart.
        """
        if list(names) == self._spots:  # in the order of the spots, whose names may then stand twice
            return Found(spots=np.arange(len(names)), marks=np.full(len(names), ""), own_marks=frozenset([""]))
        tried = (self._by(form, names) for form in _FORMS)
        strict = next((found for found in tried if found.max(initial=-1) >= 0), np.full(len(names), -1))
        loose = self._by(_bare, names)
        marks = np.array([mark(name) for name in names], dtype=object)  # not all as wide as the longest
        return Found(spots=np.where(strict >= 0, strict, loose), marks=marks, own_marks=self._own_marks)

    def _by(self, form: Callable[[str], str], names: Sequence[str]) -> np.ndarray:
        index = self._index(form)
        return np.array([index.get(form(name), -1) for name in names], dtype=np.int64)

    def _index(self, form: Callable[[str], str]) -> dict[str, int]:
        """List the number of each spot by name; nothing where the spelling does not tell them apart."""
        if form not in self._indices:
            index = {form(name): number for number, name in enumerate(self._spots)}
            tells = len(index) == len(self._spots) and (form is _as_it_is or "" not in index)
            self._indices[form] = index if tells else {}
        return self._indices[form]

    @functools.cached_property
    def _own_marks(self) -> frozenset[str]:
        return frozenset(map(mark, self._spots))


def _as_it_is(name: str) -> str:
    return name


def _with_dashes(name: str) -> str:
    return name.replace(".", "-")


def _without_number(name: str) -> str:
    return re.sub(r"[-.]\d+$", "", name)


def _without_words(name: str) -> str:
    return _WORDS_BEFORE.sub("", _with_dashes(name))


def _bare(name: str) -> str:
    """Take the barcode alone, or of other names what is left without words before and numbers behind."""
    found = _CORE.search(name)
    return found[0] if found else _NUMBER.sub("", _without_words(name))


_FORMS = (_as_it_is, _with_dashes, _without_number, _without_words, _bare)


def mark(name: str) -> str:
    """Take what stands around a barcode, which may name a section.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        With `-1`, which all barcodes have, only where there is nothing else.

    Examples
    --------
    >>> mark("S1_AAACAAGTATCTCCCA-1"), mark("AAACAAGTATCTCCCA-1-2"), mark("AAACAAGTATCTCCCA-1")
    ('S1', '-2', '-1')
    """
    bare, plain = _bare(name), _with_dashes(name)
    where = plain.find(bare)
    if not bare or where < 0:
        return ""
    before, behind = plain[:where].strip(_BETWEEN), plain[where + len(bare) :]
    further = re.sub(r"^-1(?=[-_.:])", "", behind).strip(_BETWEEN)
    if before:
        return before if behind in ("", "-1") else f"{before}-{further}"
    return f"-{further}" if further.isdigit() else further


def names_it(section: str, called: Sequence[str]) -> bool:
    """Whether the name of a sample, or of its file or folder, holds the name of a section.

    Parameters
    ----------
    section : str
    called : sequence of str

    Returns
    -------
    bool

    Examples
    --------
    >>> names_it("151673", ["sample_151673_named"]), names_it("S1", ["S11"])
    (True, False)
    """
    wanted, names = _words(section), [_words(name) for name in called]
    if section.isdigit() and len(section) < _TELLING_DIGITS:  # any path may hold a 1
        return wanted in names
    return bool(wanted) and any(_holds(name, wanted) for name in names)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def _holds(words: list[str], wanted: list[str]) -> bool:
    return any(words[first : first + len(wanted)] == wanted for first in range(len(words)))
