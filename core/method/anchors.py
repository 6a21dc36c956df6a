"""How far sections lie apart in the space of their factors, found by spots that are each other's nearest.

A section that holds more white matter has other gene means than one with less, so that centring each section moves its domains
away from those of the others. Two spots of different sections that each lie among the other's nearest are taken to be the same
tissue, and called anchors (mutual nearest neighbours: Haghverdi et al. 2018, doi 10.1038/nbt.4091). Here they only say by how much a section
is to be moved as a whole: its own shape stays.
"""

from collections.abc import Sequence

import numpy as np

from core.method.threads import one_thread

_N_NEAREST = 20  # spots of the other section among which a partner is looked for
_N_ASKED = 2000  # spots of a section that may become anchors
_MAX_ROUNDS = 30
_SETTLED = 0.02  # in standard deviations of the noise between neighbours


def offsets(sections: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Find by how much to move each section, so that spots of the same tissue lie together in all.

    Parameters
    ----------
    sections : sequence of ndarray of shape (n_spots, n_features)
        In one unit for all features, and in an order that does not depend on the files. Not modified.

    Returns
    -------
    list of ndarray of shape (n_features,)
        Shift of each section. No section is the reference: both sections of a pair move.

    Notes
    -----
    Each round takes, for every pair of sections, the median over its anchors, and moves both; a section goes by the mean of what
    the others say. It ends when no section moves by more than 0.02 in any feature, or after 30 rounds.
    """
    asked = [values[_evenly(len(values))] for values in sections]
    moved = [np.zeros(values.shape[1]) for values in sections]
    with one_thread():
        for _ in range(_MAX_ROUNDS):
            moves = _moves([values + move for values, move in zip(asked, moved, strict=True)])
            moved = [before + move for before, move in zip(moved, moves, strict=True)]
            if np.abs(moves).max() < _SETTLED:
                break
    return moved


def _moves(sections: Sequence[np.ndarray]) -> list[np.ndarray]:
    moves = [np.zeros(values.shape[1]) for values in sections]
    for first, here in enumerate(sections):
        for second in range(first + 1, len(sections)):
            apart = _apart(here, sections[second]) / len(sections)
            moves[first] += apart
            moves[second] -= apart
    return moves


def _apart(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Find the median difference from anchors to their partners; 0 where there are none."""
    squares = np.square(here).sum(axis=1)[:, None] + np.square(there).sum(axis=1) - 2 * here @ there.T
    ones, others = np.nonzero(_among_nearest(squares) & _among_nearest(squares.T).T)
    return np.median(there[others] - here[ones], axis=0) if len(ones) else np.zeros(here.shape[1])


def _among_nearest(squares: np.ndarray) -> np.ndarray:
    """Whether each column is among the nearest of each row; ndarray of bool."""
    nth = min(_N_NEAREST, squares.shape[1]) - 1
    return np.asarray(squares <= np.partition(squares, nth, axis=1)[:, [nth]])


def _evenly(n_spots: int) -> np.ndarray:
    return np.linspace(0, n_spots - 1, min(n_spots, _N_ASKED)).astype(int)
