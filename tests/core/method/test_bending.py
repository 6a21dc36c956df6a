"""The bending depth, on made tissue whose depth is known."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from core.coordinates import on_lattice
from core.depth import LEAST_SUPPORT
from core.method import pipeline
from core.method.bending import find_bend
from core.method.neighbours import neighbour_graph
from core.params import preset
from core.sample import Sample

LATTICE = np.array([(row, col) for row in range(50) for col in range(80) if (row + col) % 2 == 0])
PLACES = on_lattice(LATTICE)
X_MM, Y_MM = (PLACES.tissue_um / 1000).T


def factors_of(coordinate: np.ndarray, seed: int = 0) -> np.ndarray:
    """Four numbers a spot that follow a coordinate, each in its own way, and noise."""
    shares = (coordinate - coordinate.min()) / np.ptp(coordinate)
    clean = np.column_stack([3 * shares, np.sin(4 * shares), np.cos(7 * shares), shares**2])
    return clean + np.random.default_rng(seed).normal(0, 0.3, clean.shape)


def discs(seed: int) -> np.ndarray:
    """Round domains of four kinds on a background, three of each."""
    rng, kinds = np.random.default_rng(seed), np.zeros(len(LATTICE), dtype=int)
    for kind in np.repeat(np.arange(1, 5), 3):
        middle = rng.random(2) * [X_MM.max(), Y_MM.max()]
        kinds[np.hypot(X_MM - middle[0], Y_MM - middle[1]) < 0.45] = kind
    return kinds


@pytest.mark.parametrize(
    "depth_mm",
    [X_MM - 0.4 * Y_MM, Y_MM + 0.25 * np.square(X_MM - 2), np.hypot(X_MM + 1, Y_MM - 2)],
    ids=["straight", "a valley", "arcs about a point"],
)
def test_the_depth_of_straight_and_of_curved_layers_is_found(depth_mm):
    found = find_bend(factors_of(depth_mm), PLACES)
    # By ranks: expression cannot tell a depth from one whose scale is stretched here and there.
    assert abs(spearmanr(found.depth_um(PLACES), depth_mm).statistic) > 0.99
    assert found.takes_part


def test_depth_is_in_micrometres_of_tissue():
    found = find_bend(factors_of(Y_MM), PLACES)
    assert np.ptp(found.depth_um(PLACES)) / 1000 == pytest.approx(np.ptp(Y_MM), rel=0.05)
    assert min(found.angle, np.pi - found.angle) < 0.05  # array rows run downwards


@pytest.mark.parametrize("seed", range(3))
def test_round_domains_leave_depth_without_a_part(seed):
    means = np.random.default_rng(seed + 10).normal(0, 2, (5, 6))
    values = means[discs(seed)] + np.random.default_rng(seed).normal(0, 0.5, (len(LATTICE), 6))
    found = find_bend(values, PLACES)
    assert found.support < LEAST_SUPPORT
    assert not found.takes_part


def test_rings_have_a_depth_that_grows_from_their_middle():
    from_middle = np.square(X_MM - X_MM.max() / 2) + np.square(Y_MM - Y_MM.max() / 2)
    found = find_bend(factors_of(from_middle), PLACES)
    assert abs(spearmanr(found.depth_um(PLACES), from_middle).statistic) > 0.99
    assert found.takes_part


def test_few_spots_with_round_domains_have_no_depth_however_well_it_fits_them():
    """A polynomial of degree 3 follows anything on 280 spots; it says nothing of those left out."""
    few = on_lattice(np.array([(row, col) for row in range(20) for col in range(28) if (row + col) % 2 == 0]))
    rng, kinds = np.random.default_rng(3), np.zeros(len(few), dtype=int)
    for kind, middle in enumerate(rng.uniform(300, 1200, (6, 2)), start=1):
        kinds[np.hypot(*(few.tissue_um - middle).T) < 260] = kind
    values = rng.normal(0, 2, (7, 6))[kinds] + rng.normal(0, 1, (len(few), 6))
    assert not find_bend(values, few).takes_part


def test_noise_alone_has_no_depth():
    assert not find_bend(np.random.default_rng(0).normal(size=(len(LATTICE), 5)), PLACES).takes_part


@pytest.mark.parametrize("lattice", [[(0, 0), (0, 2), (0, 4)], [(0, 0), (1, 1), (2, 0), (3, 1)]])
def test_a_handful_of_spots_has_some_depth_or_none_and_no_error(lattice):
    coordinates = on_lattice(np.array(lattice))
    found = find_bend(np.arange(2.0 * len(lattice)).reshape(-1, 2), coordinates)
    assert np.isfinite(found.depth_um(coordinates)).all()


def test_neither_the_order_of_spots_nor_the_number_of_threads_changes_the_depth():
    values, order = factors_of(X_MM + 0.2 * Y_MM**2), np.random.default_rng(1).permutation(len(LATTICE))
    with threadpool_limits(1):
        straight = find_bend(values, PLACES)
    with threadpool_limits(4):
        shuffled = find_bend(values[order], PLACES[order])
    assert straight == shuffled


def test_a_graph_that_is_known_already_changes_nothing():
    values = factors_of(Y_MM + 0.25 * np.square(X_MM - 2))
    assert find_bend(values, PLACES, graph=neighbour_graph(PLACES)) == find_bend(values, PLACES)


def test_round_domains_are_clustered_as_without_a_direction():
    kinds = discs(0)
    rates = np.random.default_rng(5).gamma(2, 1, (5, 40))
    sample = Sample(
        name="discs", expression=np.random.default_rng(6).poisson(rates[kinds]).astype(float), lattice=LATTICE
    )
    bending = preset("recommended", 5)
    off = dataclasses.replace(bending, direction=dataclasses.replace(bending.direction, method="off"))
    result = pipeline.run(sample, bending)
    assert not result.direction.takes_part
    assert np.array_equal(result.labels, pipeline.run(sample, off).labels)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_depth_bends_as_far_as_it_may(degree):
    found = find_bend(factors_of(Y_MM + 0.25 * np.square(X_MM - 2)), PLACES, degree)
    assert found.bend.degree == degree
    slopes = found.bend.slopes(PLACES.tissue_um)
    assert (np.ptp(slopes, axis=0).max() < 1e-6) == (degree == 1)
