import numpy as np
import pytest

from core.method.neighbours import mean_over_neighbours, neighbour_graph
from core.places import off_lattice, on_lattice

FLOWER = np.array([[5, 5], [5, 3], [5, 7], [4, 4], [4, 6], [6, 4], [6, 6], [5, 9], [20, 20]])


def test_the_six_neighbours_of_a_spot_are_those_of_the_lattice():
    graph = neighbour_graph(on_lattice(FLOWER)).toarray()
    assert np.flatnonzero(graph[0]).tolist() == [1, 2, 3, 4, 5, 6]
    assert np.flatnonzero(graph[7]).tolist() == [2]
    assert not graph[8].any()
    assert np.array_equal(graph, graph.T)


def test_means_weigh_the_spot_and_its_neighbours_and_a_lone_spot_keeps_its_value():
    graph = neighbour_graph(on_lattice(FLOWER))
    values = np.arange(9.0)
    assert (mean_over_neighbours(graph, own_weight=1.0) @ values)[0] == pytest.approx(sum(range(7)) / 7)
    assert (mean_over_neighbours(graph, own_weight=0.0) @ values)[0] == pytest.approx(sum(range(1, 7)) / 6)
    assert (mean_over_neighbours(graph, own_weight=0.0) @ values)[8] == 8


def test_off_the_lattice_each_cell_has_its_six_nearest():
    cells = np.random.default_rng(0).uniform(0, 1000, (400, 2))
    graph = neighbour_graph(off_lattice(cells)).toarray()
    distances = np.linalg.norm(cells[:, None] - cells, axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1:7]
    assert all(graph[cell, nearest[cell]].all() for cell in range(400))
    assert np.array_equal(graph, graph.T)
