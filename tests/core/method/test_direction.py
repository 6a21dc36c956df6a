import numpy as np
import pytest
from scipy import sparse

from core.depth import depth
from core.errors import SampleError
from core.method.direction import from_expression, from_preclustering
from tests.sections import real_sections

LATTICE = np.array([(row, col) for row in range(60) for col in range(row % 2, 100, 2)])


def apart(one: float, other: float) -> float:
    """Difference of two angles modulo pi."""
    return abs((one - other + np.pi / 2) % np.pi - np.pi / 2)


def striped_counts(angle: float, seed: int = 0) -> np.ndarray:
    """Six layers across `angle`, each with genes of its own."""
    rng = np.random.default_rng(seed)
    u = depth(LATTICE, angle)
    layer = np.digitize(u, np.quantile(u, [0.15, 0.35, 0.5, 0.7, 0.85]))
    rates = rng.gamma(2, 1, (6, 40))
    return rng.poisson(rates[layer])


@pytest.mark.parametrize("angle", [0.0, 0.38, 0.9, np.pi / 2, 2.2, 3.0])
def test_the_direction_of_stripes_is_found_from_expression(angle):
    found = from_expression(striped_counts(angle), LATTICE)
    assert apart(found.angle, angle) < 0.05
    assert found.support > 0.5


@pytest.mark.parametrize("angle", [0.0, 0.38, 0.9, np.pi / 2, 2.2, 3.0])
def test_the_direction_of_stripes_is_found_from_a_clustering_of_them(angle):
    u = depth(LATTICE, angle)
    labels = np.digitize(u, np.quantile(u, [0.15, 0.35, 0.5, 0.7, 0.85]))
    assert apart(from_preclustering(labels, LATTICE).angle, angle) < 0.05


def test_clusters_without_a_direction_do_not_favour_the_lines_of_the_lattice():
    # In a round tissue, labels thrown at random lie along no angle: whatever wins must win by chance alone.
    inside = ((LATTICE - [30, 50]) * [np.sqrt(3), 1] / 48) ** 2
    lattice = LATTICE[inside.sum(axis=1) < 1]
    labels = np.random.default_rng(0).integers(0, 6, len(lattice))
    along_lattice = from_preclustering(labels, lattice)
    assert along_lattice.support < 0.1


def test_the_angle_does_not_depend_on_the_order_of_spots_or_on_sparse_storage():
    counts = striped_counts(0.7)
    order = np.random.default_rng(1).permutation(len(LATTICE))
    straight = from_expression(counts, LATTICE)
    assert from_expression(counts[order], LATTICE[order]) == straight
    assert apart(from_expression(sparse.csr_array(counts), LATTICE).angle, straight.angle) < 1e-3


@pytest.mark.slow
def test_the_direction_hardly_changes_when_a_fifth_of_the_spots_is_removed(shared_data):
    for name, sample in real_sections(shared_data).items():
        whole = from_expression(sample.expression, sample.lattice)
        keep = np.random.default_rng(0).random(sample.n_spots) >= 0.2
        part = from_expression(sample.expression[keep], sample.lattice[keep])
        assert apart(whole.angle, part.angle) < 0.1, name


@pytest.mark.slow
def test_adjacent_sections_of_a_donor_have_one_direction(shared_data):
    sections = real_sections(shared_data)
    angles = [from_expression(sections[n].expression, sections[n].lattice).angle for n in ("151673", "151675")]
    assert apart(*angles) < 0.1


def test_expression_that_does_not_vary_has_no_direction():
    with pytest.raises(SampleError, match="does not vary"):
        from_expression(np.ones((len(LATTICE), 5)), LATTICE)


def test_a_handful_of_spots_has_no_direction():
    with pytest.raises(SampleError, match="too few to find a direction"):
        from_expression(np.eye(5), LATTICE[:5])
