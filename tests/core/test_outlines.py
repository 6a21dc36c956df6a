"""Outlines of cells: what fits together, and what some of them are."""

import dataclasses

import numpy as np
import pytest

from core.errors import SampleError
from core.io.synthetic import synthesise
from core.outlines import Outlines
from core.parts import genes_of, part_of

SQUARE = [[-2, -2], [2, -2], [2, 2], [-2, 2]]
TRIANGLE = [[0, -3], [3, 3], [-3, 3]]


def three():
    """Of a square, of nothing, and of a triangle."""
    return Outlines(corners=np.array(SQUARE + TRIANGLE, dtype=np.int16), begins=np.array([0, 4, 4, 7]), unit_um=0.5)


def rings(outlines):
    return [outlines.ring_um(cell, (0, 0)).tolist() for cell in range(len(outlines))]


def test_some_cells_keep_their_own_outlines_in_any_order():
    halves = [[[x / 2, y / 2] for x, y in ring] for ring in (SQUARE, [], TRIANGLE)]
    assert rings(three()) == halves
    assert rings(three()[np.array([2, 1, 2, 0])]) == [halves[2], halves[1], halves[2], halves[0]]
    assert rings(three()[np.array([False, True, True])]) == halves[1:]
    assert rings(three()[np.array([], dtype=int)]) == []
    assert three().has_outline.tolist() == [True, False, True]


def test_corners_lie_about_the_centre():
    assert three().ring_um(2, (100.0, 50.0)).tolist() == [[100, 48.5], [101.5, 51.5], [98.5, 51.5]]


@pytest.mark.parametrize(
    "changed",
    [
        {"begins": np.array([0, 4, 4, 6])},
        {"begins": np.array([0, 5, 4, 7])},
        {"begins": np.array([1, 4, 4, 7])},
        {"begins": np.array([], dtype=int)},
        {"begins": np.array([0.0, 4, 4, 7])},
        {"corners": np.zeros((7, 2))},
        {"corners": np.zeros(14, dtype=np.int16)},
        {"unit_um": 0.0},
        {"unit_um": 1e308},
        {"unit_um": 5e-324},
        {"unit_um": float("nan")},
    ],
)
def test_outlines_that_do_not_fit_together_are_refused(changed):
    with pytest.raises(SampleError, match="outlines"):
        dataclasses.replace(three(), **changed)


def test_a_sample_with_outlines_is_the_same_to_every_step_and_its_parts_have_theirs():
    plain = synthesise(1000, n_genes=10, cells=True)
    corners = (
        np.tile(np.array(TRIANGLE, dtype=np.int16), (plain.n_spots, 1)) + np.arange(3 * plain.n_spots)[:, None] // 3
    )
    begins = np.arange(plain.n_spots + 1) * 3
    sample = dataclasses.replace(plain, outlines=Outlines(corners=corners.astype(np.int16), begins=begins))
    assert (sample.content_hash, sample.spots_hash) == (plain.content_hash, plain.spots_hash)
    assert sample.nbytes == plain.nbytes + 4 * len(corners) + 8 * len(begins)
    part = part_of(sample, np.array([7, 3]))
    assert rings(part.outlines) == [rings(sample.outlines)[7], rings(sample.outlines)[3]]
    assert genes_of(sample, np.array([1])).outlines is sample.outlines
    with pytest.raises(SampleError, match="`outlines` has 3 entries, but `X` has"):
        dataclasses.replace(plain, outlines=three())
