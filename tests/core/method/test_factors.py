import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

from core.coordinates import on_lattice
from core.errors import ParameterError
from core.method import factors
from core.method.factors import averaged_components, leading_components, spatial_factors
from core.method.neighbours import nearest_spots
from tests.sections import shipped_part, shuffled_spots


@pytest.fixture(scope="module")
def sample():
    return shipped_part()


def hexagons(n_rows: int = 30, n_cols: int = 30) -> np.ndarray:
    rows, cols = np.divmod(np.arange(n_rows * n_cols), n_cols)
    return np.column_stack((rows, 2 * cols + rows % 2))


def test_a_smooth_gene_makes_the_first_factor_and_a_louder_unstructured_one_does_not():
    lattice, rng = hexagons(), np.random.default_rng(0)
    smooth = 20 + 15 * np.sin(lattice[:, 0] / 5)
    counts = np.column_stack(
        (rng.poisson(smooth), 400 * rng.integers(0, 2, len(lattice)), rng.poisson(20, (900, 8)).T[0])
    )
    first = spatial_factors(counts, on_lattice(lattice), 2, 1)[:, 0]
    assert abs(np.corrcoef(first, smooth)[0, 1]) > 0.9


def test_without_averaging_the_noise_between_neighbours_has_unit_variance_in_every_factor():
    lattice = hexagons()
    counts = np.random.default_rng(1).poisson(30, (900, 12))
    found = spatial_factors(counts, on_lattice(lattice), 5, 0)
    means = np.full_like(found, np.nan)
    index = {tuple(at): spot for spot, at in enumerate(lattice)}
    for at, spot in index.items():
        around = [
            index.get((at[0] + down, at[1] + right))
            for down, right in ((0, 2), (0, -2), (1, 1), (1, -1), (-1, 1), (-1, -1))
        ]
        means[spot] = found[[other for other in around if other is not None]].mean(axis=0)
    assert np.allclose(np.square(found - means).mean(axis=0), 1, atol=1e-6)


def test_sparse_and_dense_counts_give_the_same_factors(sample):
    dense = spatial_factors(sample.expression, sample.coordinates, 8, 1)
    from_sparse = spatial_factors(sparse.csr_array(sample.expression), sample.coordinates, 8, 1)
    assert np.allclose(np.abs(dense), np.abs(from_sparse), atol=1e-6)


def test_shuffled_spots_have_the_same_factors_to_the_last_bit(sample):
    order = np.random.default_rng(2).permutation(sample.n_spots)
    straight = spatial_factors(sample.expression, sample.coordinates, 8, 1)
    shuffled = shuffled_spots(sample, order)
    assert np.array_equal(straight[order], spatial_factors(shuffled.expression, shuffled.coordinates, 8, 1))


@pytest.mark.parametrize("limit", [10, 10_000], ids=["randomised", "exact"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_components_are_those_of_scikit_learn(monkeypatch, limit, form):
    monkeypatch.setattr(factors, "_EXACT_UP_TO", limit)
    rng = np.random.default_rng(3)
    values = rng.normal(size=(300, 5)) @ (10 * rng.normal(size=(5, 80))) + rng.normal(size=(300, 80)) + 3
    theirs = PCA(5, svd_solver="full").fit_transform(values)
    assert np.allclose(np.abs(leading_components(form(values), 5)), np.abs(theirs), atol=1e-4)


def test_too_few_spots_are_refused_in_words():
    with pytest.raises(ParameterError, match="2 spots and 4 genes are too few for spatial factors"):
        spatial_factors(np.ones((2, 4)), on_lattice(hexagons()[:2]), 3, 1)


def test_averaged_components_are_the_principal_components_of_log_counts_averaged_over_the_nearest_spots():
    lattice, rng = hexagons(8, 8), np.random.default_rng(5)
    coordinates = on_lattice(lattice)
    counts = rng.poisson(4 + 10 * (lattice[:, :1] > 3) * (np.arange(12) < 6))
    library = counts.sum(axis=1, keepdims=True)
    logs = np.log1p(counts * (np.median(library) / library))
    smooth = np.array([logs[[spot, *others]].mean(axis=0) for spot, others in enumerate(nearest_spots(coordinates, 6))])
    found = averaged_components(counts, coordinates, 4, 1)
    np.testing.assert_allclose(np.abs(found), np.abs(PCA(4).fit_transform(smooth)), atol=1e-8)


def test_the_order_of_the_spots_changes_no_averaged_component():
    counts, coordinates = np.random.default_rng(6).poisson(5, (64, 12)), on_lattice(hexagons(8, 8))
    order = np.random.default_rng(7).permutation(64)
    found = averaged_components(counts, coordinates, 4, 2)
    again = averaged_components(counts[order], on_lattice(hexagons(8, 8)[order]), 4, 2)
    np.testing.assert_array_equal(again, found[order])
