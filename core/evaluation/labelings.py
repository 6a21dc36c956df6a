"""Labels that several methods or people gave to the same spots: agreement of every pair, and where they differ.

None of them is the truth. A spot that a labeling leaves out takes no part in what concerns that labeling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.errors import SampleError
from core.evaluation.agreement import agreement
from core.evaluation.contingency import contingency
from core.sample import UNANNOTATED
from core.text import counted, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How two labelings agree.

    Parameters
    ----------
    one, other : str
        Their names.
    n_common : int
        Spots that both label.
    ari, nmi : float or None
        On these spots; None where there is none.
    """

    one: str
    other: str
    n_common: int
    ari: float | None
    nmi: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disagreement:
    """Where labelings differ, under names that mean the same.

    Parameters
    ----------
    reference : str
        The labeling whose names are used: the one that agrees best with all others.
    names : dict of str to ndarray of shape (n_spots,), str
        Each labeling with the names of the reference; `UNANNOTATED` where it has none.
    plurality : ndarray of shape (n_spots,), str
        The name that most labelings give to each spot; of equally many, that of the first labeling.
    share : ndarray of shape (n_spots,), float
        Share of the labelings of a spot that differ from it, from 0 to below 1; NaN for spots that fewer than two label.
    """

    reference: str
    names: dict[str, np.ndarray]
    plurality: np.ndarray
    share: np.ndarray


def pairs(labelings: Mapping[str, np.ndarray]) -> list[Pair]:
    """Score the agreement of every two labelings.

    Parameters
    ----------
    labelings : mapping of str to ndarray of shape (n_spots,), str
        By name; `UNANNOTATED` for spots that one leaves out.

    Returns
    -------
    list of Pair
        In the order of the labelings.

    Raises
    ------
    SampleError
        If lengths disagree, or there are fewer than two.
    """
    _check(labelings)
    return [_pair(one, other, labelings[one], labelings[other]) for one, other in combinations(labelings, 2)]


def disagreement(labelings: Mapping[str, np.ndarray]) -> Disagreement:
    """Find out at which spots labelings differ.

    Parameters
    ----------
    labelings : mapping of str to ndarray of shape (n_spots,), str
        As for :func:`pairs`.

    Returns
    -------
    Disagreement

    Raises
    ------
    SampleError
        As :func:`pairs`.

    Notes
    -----
    Names are matched with those of the reference by the Hungarian method on common spots, as domains are with layers. What is
    left over keeps a name of its own, which no other labeling has: there it differs from all of them.
    """
    found = pairs(labelings)
    reference = _reference(list(labelings), found)
    names = {
        name: labels if name == reference else _renamed(name, labels, labelings[reference])
        for name, labels in labelings.items()
    }
    plurality, share = _votes(np.stack(list(names.values())))
    return Disagreement(reference=reference, names=names, plurality=plurality, share=share)


def _check(labelings: Mapping[str, np.ndarray]) -> None:
    if len(labelings) < 2:
        raise SampleError(f"There is {counted(len(labelings), 'labeling')}: two or more can be compared.")
    (first, labels), *others = labelings.items()
    for name, other in others:
        if len(other) != len(labels):
            raise SampleError(
                f"{shown(first)} labels {counted(len(labels), 'spot')}, but {shown(name)} {len(other):,}: are they of one section?"
            )


def _pair(one: str, other: str, labels: np.ndarray, other_labels: np.ndarray) -> Pair:
    common = (labels != UNANNOTATED) & (other_labels != UNANNOTATED)
    scores = agreement(labels[common], other_labels[common])
    return Pair(one=one, other=other, n_common=int(common.sum()), ari=scores.ari, nmi=scores.nmi)


def _reference(names: list[str], found: list[Pair]) -> str:
    """Choose the labeling with the highest sum of ARI; of equals, the first."""
    return max(names, key=lambda name: sum(pair.ari or 0.0 for pair in found if name in (pair.one, pair.other)))


def _renamed(name: str, labels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Give labels the names that the reference has for the same spots."""
    rows, columns, table = contingency(labels, reference)
    known, theirs = rows != UNANNOTATED, columns != UNANNOTATED
    own, other, counts = rows[known], columns[theirs], table[np.ix_(known, theirs)]
    matched = {
        own[row]: str(other[column])
        for row, column in zip(*linear_sum_assignment(counts, maximize=True), strict=True)
        if counts[row, column] > 0
    }
    new = [str(row) if row == UNANNOTATED else matched.get(row, f"{row} of {name}") for row in rows]
    return np.asarray(np.array(new)[np.searchsorted(rows, labels)])


def _votes(names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Name of most, and share that differ, by spot; names has one row for each labeling."""
    known = names != UNANNOTATED
    n_known = known.sum(axis=0)
    same = ((names[:, None] == names[None]) & known[:, None] & known[None]).sum(axis=1)  # votes for each one's name
    first = same.argmax(axis=0)[None]
    plurality = np.take_along_axis(names, first, axis=0)[0]
    votes = np.take_along_axis(same, first, axis=0)[0]
    share = np.where(n_known >= 2, 1 - votes / np.maximum(n_known, 1), np.nan)
    return np.where(n_known > 0, plurality, UNANNOTATED), share
