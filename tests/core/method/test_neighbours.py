import numpy as np
import pytest

from core.coordinates import off_lattice, on_lattice
from core.method.neighbours import mean_over_neighbours, nearest_spots, neighbour_graph

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


def test_on_a_grid_of_squares_the_four_corners_are_neighbours_too_however_the_spots_are_sorted():
    grid = np.array([(row, column) for row in range(30) for column in range(20)]) * 8.0
    graph = neighbour_graph(off_lattice(grid)).toarray()
    steps = np.abs(grid[:, None] - grid).max(axis=2) / 8
    inner = ((grid > 16) & (grid < grid.max(axis=0) - 16)).all(axis=1)  # at the rim the sixth lies two steps away
    assert np.array_equal(graph[inner], steps[inner] == 1)
    in_single_precision = neighbour_graph(off_lattice((grid * 12.34567 + 1e4).astype(np.float32).astype(float)))
    assert np.array_equal(in_single_precision.toarray(), graph)
    order = np.random.default_rng(0).permutation(len(grid))
    assert np.array_equal(neighbour_graph(off_lattice(grid[order])).toarray(), graph[order][:, order])


def test_cells_that_share_a_place_are_linked_alike_however_they_are_sorted():
    cells = np.repeat(np.random.default_rng(1).uniform(0, 100, (60, 2)), 3, axis=0)
    graph = neighbour_graph(off_lattice(cells)).toarray()
    order = np.random.default_rng(0).permutation(len(cells))
    assert np.array_equal(neighbour_graph(off_lattice(cells[order])).toarray(), graph[order][:, order])


def test_the_ten_nearest_on_the_lattice_are_the_first_ring_and_the_upper_four_of_the_second():
    lattice = np.array([(row, col) for row in range(9) for col in range(17) if (row + col) % 2 == 0])
    spot = int(np.flatnonzero((lattice == (4, 8)).all(axis=1))[0])
    found = lattice[nearest_spots(on_lattice(lattice))[spot]]
    assert found.tolist() == [[3, 7], [3, 9], [4, 6], [4, 10], [5, 7], [5, 9], [2, 8], [3, 5], [3, 11], [5, 5]]


def test_spots_at_one_distance_are_told_apart_by_position_however_many_there_are():
    angles = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    circle = np.vstack(([[0, 0]], np.column_stack((np.sin(angles), np.cos(angles))))) * 1000
    order = np.random.default_rng(0).permutation(len(circle))
    straight, shuffled = nearest_spots(off_lattice(circle)), nearest_spots(off_lattice(circle[order]))
    assert set(straight[0]) == set(np.argsort(circle[:, 0], kind="stable")[:10])
    assert set(order[shuffled[np.flatnonzero(order == 0)[0]]]) == set(straight[0])


def test_where_spots_are_few_there_are_fewer_nearest():
    assert nearest_spots(on_lattice(np.array([[0, 0], [0, 2], [0, 6]]))).tolist() == [[1, 2], [0, 2], [1, 0]]
