import numpy as np

from core.coordinates import on_lattice
from core.method.neighbours import neighbour_graph
from core.method.refinement import majority_vote

FLOWER = np.array([[5, 5], [5, 3], [5, 7], [4, 4], [4, 6], [6, 4], [6, 6]])


def test_a_lone_spot_among_others_takes_their_label():
    assert majority_vote(np.array([1, 0, 0, 0, 0, 0, 0]), neighbour_graph(on_lattice(FLOWER)), 1).tolist() == [0] * 7


def test_a_tie_leaves_the_label_as_it_was():
    pair = neighbour_graph(on_lattice(np.array([[0, 0], [0, 2]])))
    assert majority_vote(np.array([1, 0]), pair, 3).tolist() == [1, 0]


def test_a_spot_whose_neighbours_are_split_keeps_its_own_label():
    four_of_seven = np.array([1, 0, 0, 0, 0, 1, 1])
    assert majority_vote(four_of_seven, neighbour_graph(on_lattice(FLOWER)), 1)[0] == 1


def test_no_rounds_change_nothing():
    labels = np.array([1, 0, 0, 0, 0, 0, 0])
    assert np.array_equal(majority_vote(labels, neighbour_graph(on_lattice(FLOWER)), 0), labels)
