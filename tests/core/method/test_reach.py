"""How far to average, on made tissue whose noise is known."""

import dataclasses

import numpy as np
import pytest

from core.averaging import Averaging, averaging_in_words, chosen_in_words
from core.coordinates import off_lattice, on_lattice
from core.depth import Bend, FoundDirection
from core.method.factors import RawFactors
from core.method.neighbours import mean_over_neighbours, neighbour_graph
from core.method.reach import find_averaging, noise_share, risks

LATTICE = np.array([(row, col) for row in range(40) for col in range(60) if (row + col) % 2 == 0])
PLACES = on_lattice(LATTICE)
GRAPH = neighbour_graph(PLACES)


def waves(width_um: float, noise: float) -> np.ndarray:
    """Four waves of unit variance over the tissue, a period of so many um, and noise of that variance."""
    x, y = PLACES.tissue_um.T * 2 * np.pi / width_um
    signal = np.sqrt(2) * np.column_stack([np.sin(x), np.cos(x), np.sin(y), np.cos(y)])
    values = signal + np.random.default_rng(0).normal(0, np.sqrt(noise), signal.shape)
    return values - values.mean(axis=0)


def raw(values: np.ndarray) -> RawFactors:
    return RawFactors(values, GRAPH, np.arange(len(values)))


@pytest.mark.parametrize("noise", [0.25, 1.0, 3.0])
def test_the_share_of_noise_is_found(noise):
    assert noise_share(waves(3000, noise), GRAPH) == pytest.approx(noise / (1 + noise), abs=0.05)


def test_what_is_lost_by_averaging_is_estimated_without_knowing_what_is_there():
    values, truth = waves(1500, 1.0), waves(1500, 0.0)
    smooth, averaged, lost = mean_over_neighbours(GRAPH, own_weight=1.0), values, []
    for _ in range(5):
        lost.append(np.square(averaged - truth).mean() / np.square(values).mean())
        averaged = smooth @ averaged
    assert risks(values, GRAPH, 0.5) == pytest.approx(lost, abs=0.03)


@pytest.mark.parametrize(
    ("places", "apart_um"),
    [(PLACES, 100.0), (off_lattice(200.0 * np.argwhere(np.ones((12, 15)))), 200.0)],
    ids=["Visium", "a square grid, 200 um apart"],
)
def test_neighbours_are_as_far_apart_as_they_lie(places, apart_um):
    factors = np.random.default_rng(0).normal(size=(len(places), 3))
    order = np.random.default_rng(1).permutation(len(places))
    found = find_averaging(RawFactors(factors, neighbour_graph(places[order]), order), places)
    assert found.spacing_um == pytest.approx(apart_um)
    unknown = dataclasses.replace(places, unit_known=False)
    assert find_averaging(RawFactors(factors, neighbour_graph(places[order]), order), unknown).spacing_um is None


def test_more_noise_asks_for_more_rings():
    quiet, noisy = (find_averaging(raw(waves(2500, noise)), PLACES).hops for noise in (0.05, 4.0))
    assert quiet < noisy


def test_domains_no_wider_than_the_spots_are_apart_are_not_averaged():
    values = np.random.default_rng(1).normal(size=(len(LATTICE), 4))
    correlated = values + 0.9 * mean_over_neighbours(GRAPH, own_weight=0.0) @ values  # with its neighbours, no further
    found = find_averaging(raw(correlated - correlated.mean(axis=0)), PLACES)
    assert (found.hops, found.noise) == (0, 0.0)


def test_spots_that_averaging_hardly_changes_are_averaged_once_though_no_noise_is_seen():
    smooth = mean_over_neighbours(GRAPH, own_weight=1.0)
    values = np.random.default_rng(2).normal(size=(len(LATTICE), 4))
    blurred = smooth @ (smooth @ values)  # neighbours are much alike, and those of the second ring much less
    found = find_averaging(raw(blurred - blurred.mean(axis=0)), PLACES)
    assert found.noise == 0.0
    assert found.hops == 1


def test_a_handful_of_spots_and_spots_that_are_all_alike_have_some_reach_and_no_error():
    few = off_lattice(np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]]))
    for values in (np.zeros((3, 2)), np.array([[1.0, -1.0], [0.0, 2.0], [-1.0, -1.0]])):
        assert 0 <= find_averaging(RawFactors(values, neighbour_graph(few), np.arange(3)), few).hops <= 4


def test_members_of_a_consensus_reach_as_far_and_one_ring_less():
    assert [Averaging(hops=hops, noise=0.5).reaches for hops in (0, 1, 2, 3)] == [(0,), (1,), (1, 2), (2, 3)]


def test_what_was_chosen_is_said_in_a_line():
    straight = Bend(centre_um=(0.0, 0.0), scale_um=1.0, coefficients=(0.0, 1.0))
    depth, none = (FoundDirection(angle=0.0, method="bending", support=share, bend=straight) for share in (0.8, 0.2))
    cells = Averaging(hops=3, noise=0.6, spacing_um=15.0)
    assert averaging_in_words(cells).startswith("averaged over 3 rings of neighbours (45 µm)")
    assert averaging_in_words(Averaging(hops=1, noise=0.0)).endswith("1 ring of neighbours, which hardly changes them")
    assert "a bending depth explains 80%" in chosen_in_words(cells, depth)
    assert "no depth: one that bends explains 20%" in chosen_in_words(cells, none)
    assert chosen_in_words(None, None) == ""
