import numpy as np
import pytest

from core.coordinates import off_lattice, on_lattice
from core.evaluation.coherence import chaos, domain_shares, pas
from core.method.neighbours import nearest_spots
from tests.sections import shipped_part


def by_the_authors_loops(labels, coords, k=10):
    """What SpatialPCA's R functions do, spot by spot, on positions sorted as the file that they read."""
    scaled = (coords - coords.mean(axis=0)) / coords.std(axis=0)
    total, disagree = 0.0, 0
    for spot in range(len(labels)):
        alike = [other for other in range(len(labels)) if other != spot and labels[other] == labels[spot]]
        total += min((float(np.linalg.norm(scaled[spot] - scaled[other])) for other in alike), default=0.0)
        distances = np.round(np.linalg.norm(coords - coords[spot], axis=1), 6)
        distances[spot] = np.inf
        nearest = np.argsort(distances, kind="stable")[:k]
        disagree += np.count_nonzero(labels[nearest] != labels[spot]) > k / 2
    return total / len(labels), disagree / len(labels)


def lattice(n_rows, n_cols):
    return np.array([(row, col) for row in range(n_rows) for col in range(n_cols) if (row + col) % 2 == 0])


def test_chaos_of_four_spots_on_a_line_by_hand():
    # Positions 0, 2, 4 and 10: mean 4, variance 14; alike are 0 and 4, and 2 and 10.
    line = np.array([[0, 0], [0, 2], [0, 4], [0, 10]])
    assert chaos(np.array([0, 1, 0, 1]), line) == pytest.approx((4 + 8 + 4 + 8) / 4 / np.sqrt(14))


def test_a_domain_of_one_spot_adds_no_distance():
    line = np.array([[0, 0], [0, 1], [0, 2]])
    assert chaos(np.array([0, 1, 1]), line) == pytest.approx((0 + 1 + 1) / 3 / np.sqrt(2 / 3))


def test_pas_of_a_straight_border_is_nought_and_of_a_stranger_in_the_middle_is_its_share():
    coordinates = on_lattice(lattice(9, 20))
    nearest = nearest_spots(coordinates)
    halves = (coordinates.positions[:, 1] >= 10).astype(int)
    assert pas(halves, nearest) == 0
    stranger = np.zeros(len(coordinates), dtype=int)
    stranger[45] = 1
    assert pas(stranger, nearest) == 1 / len(coordinates)


def test_both_are_those_of_the_authors_loops_on_a_real_section():
    sample = shipped_part(500, 5)
    order = np.lexsort((sample.positions[:, 1], sample.positions[:, 0]))
    labels = np.random.default_rng(0).integers(4, size=sample.n_spots) * (sample.positions[:, 1] > 60)
    expected = by_the_authors_loops(labels[order], sample.tissue_um[order])
    found = chaos(labels, sample.positions), pas(labels, nearest_spots(sample.coordinates))
    assert found == pytest.approx(expected, abs=1e-12)


def test_neither_the_order_of_the_spots_nor_the_names_of_the_domains_change_the_last_digit():
    rng = np.random.default_rng(1)
    coords, labels = rng.uniform(0, 900, (700, 2)), rng.integers(5, size=700)
    order, names = rng.permutation(700), np.array([3, 0, 4, 1, 2])
    shuffled = names[labels[order]]
    assert chaos(labels, coords) == chaos(shuffled, coords[order])
    one, other = off_lattice(coords), off_lattice(coords[order])
    assert pas(labels, nearest_spots(one)) == pas(shuffled, nearest_spots(other))


def test_one_domain_for_all_is_the_best_of_both_which_is_why_sizes_stand_beside_them():
    coordinates = on_lattice(lattice(12, 24))
    labels = np.random.default_rng(2).integers(3, size=len(coordinates))
    assert pas(np.zeros_like(labels), nearest_spots(coordinates)) == 0
    assert chaos(np.zeros_like(labels), coordinates.positions) < chaos(labels, coordinates.positions)


def test_an_empty_domain_has_a_share_of_nought():
    assert domain_shares(np.array([0, 0, 2, 2]), 4).tolist() == [0.5, 0, 0.5, 0]


def test_a_lone_spot_is_scored():
    index = on_lattice(np.array([[3, 5]]))
    assert (chaos(np.zeros(1, int), index.positions), pas(np.zeros(1, int), nearest_spots(index))) == (0, 0)
