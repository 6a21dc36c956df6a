import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from benchmarks import reference
from core.errors import DuplicateSpotError, SampleError
from core.method import pooling
from core.method.pooling import pool_window
from core.params import PoolingParams
from tests.sections import real_sections, shipped_part


def brute_force(counts, positions, reach, scale):
    near = (np.abs(positions[:, None] - positions) <= reach).all(axis=2)
    return scale * (counts + near @ counts) / (1 + near.sum(axis=1))[:, None]


@pytest.mark.parametrize("window", [1, 2, 6])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_off_the_lattice_every_spot_within_half_a_unit_less_than_k_counts(window, as_sparse, monkeypatch):
    monkeypatch.setattr(pooling, "_PAIRS_PER_STRIP", 500)
    monkeypatch.setattr(pooling, "_STRIP_BYTES", 5000)
    rng = np.random.default_rng(window)
    positions, counts = rng.uniform(-20, 20, (400, 2)), rng.poisson(2, (400, 7))
    ours = pool_window(sparse.csr_array(counts) if as_sparse else counts, positions, PoolingParams(window=window))
    reach = window - 0.5 if window > 1 else 0
    np.testing.assert_allclose(ours, brute_force(counts, positions, reach, 2.0), rtol=1e-12)


@pytest.mark.parametrize("window", [1, 3, 6])
def test_a_lattice_moved_by_a_fraction_is_pooled_to_the_last_bit_as_the_lattice(window):
    sample, params = shipped_part(500), PoolingParams(window=window)
    moved = pool_window(sample.expression, sample.positions + np.array([0.25, 0.5]), params)
    assert np.array_equal(moved, pool_window(sample.expression, sample.lattice, params))


def test_cells_may_share_a_position_off_the_lattice():
    pooled = pool_window(
        np.array([[2.0], [4.0], [9.0]]), np.array([[0.5, 0.5], [0.5, 0.5], [90.5, 3.0]]), PoolingParams()
    )
    assert pooled[:, 0].tolist() == [2 * 8 / 3, 2 * 10 / 3, 18.0]


def test_a_result_that_would_not_fit_is_refused_before_it_is_made():
    huge = sparse.csr_array((200_000, 20_000))
    with pytest.raises(SampleError, match="29 GiB") as refused:
        pool_window(huge, np.zeros((200_000, 2)), PoolingParams())
    assert "10,000 most variable ones" in str(refused.value)


def test_three_spots_pooled_by_hand():
    # Spots at columns 0, 2 and 6 of one row; with k = 3 cells up to 2 away count, so the first two see each other.
    expression = np.array([[1.0], [4.0], [10.0]])
    lattice = np.array([[0, 0], [0, 2], [0, 6]])
    pooled = pool_window(expression, lattice, PoolingParams(window=3, scale=1.0))
    assert pooled[:, 0].tolist() == [(1 + 1 + 4) / 3, (4 + 4 + 1) / 3, (10 + 10) / 2]


@pytest.mark.parametrize("window", [1, 2, 6, 10])
@pytest.mark.parametrize("scale", [2.0, 0.3, 20_000.0])
def test_pooling_counts_equals_the_papers_loops_to_the_last_bit(window, scale):
    sample = shipped_part()
    ours = pool_window(sample.expression, sample.lattice, PoolingParams(window=window, scale=scale))
    theirs = reference.pool(np.asarray(sample.expression), sample.lattice, window, scale)
    assert np.array_equal(ours, theirs)


@pytest.mark.slow
def test_pooling_whole_real_sections_equals_the_papers_loops_to_the_last_bit(spca_dat):
    from core.io import lab

    for name in ("sample_151507.h5", "sample_151669.h5"):
        sample = lab.read(spca_dat / name)
        ours = pool_window(sample.expression, sample.lattice, PoolingParams())
        assert np.array_equal(ours, reference.pool(np.asarray(sample.expression), sample.lattice, 6, 2.0))


def test_pooling_logarithms_equals_the_papers_loops_to_ten_digits():
    sample = shipped_part()
    logs = np.log1p(np.asarray(sample.expression))
    ours = pool_window(logs, sample.lattice, PoolingParams(window=6, scale=2.0))
    np.testing.assert_allclose(ours, reference.pool(logs, sample.lattice, 6, 2.0), rtol=1e-10)


def test_a_window_of_one_only_scales():
    sample = shipped_part(50)
    pooled = pool_window(sample.expression, sample.lattice, PoolingParams(window=1, scale=3.0))
    assert np.array_equal(pooled, 3.0 * np.asarray(sample.expression))


def test_pooling_a_constant_gives_the_constant_times_alpha():
    lattice = shipped_part(200).lattice
    pooled = pool_window(np.full((200, 2), 7), lattice, PoolingParams(window=5, scale=2.0))
    np.testing.assert_allclose(pooled, 14.0)


def test_sparse_and_dense_expression_pool_alike():
    sample = shipped_part()
    params = PoolingParams(window=4)
    from_sparse = pool_window(sparse.csr_array(sample.expression), sample.lattice, params)
    assert np.array_equal(from_sparse, pool_window(sample.expression, sample.lattice, params))


def test_spots_far_apart_in_the_array_pool_like_the_loops():
    rng = np.random.default_rng(0)
    islands = np.array([[0, 0], [10**6, 5], [-(10**7), 10**6]])
    lattice = np.concatenate([island + np.argwhere(rng.random((12, 12)) < 0.5) for island in islands])
    counts = rng.poisson(3, (len(lattice), 4))
    ours = pool_window(counts, lattice, PoolingParams(window=3))
    assert np.array_equal(ours, reference.pool(counts, lattice, 3, 2.0))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_spots=st.integers(1, 40), window=st.integers(1, 8))
def test_any_scatter_of_spots_pools_like_the_loops(seed, n_spots, window):
    rng = np.random.default_rng(seed)
    lattice = rng.permutation(np.argwhere(np.ones((9, 11))))[:n_spots] - rng.integers(0, 50, 2)
    counts = rng.poisson(2, (n_spots, 3))
    ours = pool_window(counts, lattice, PoolingParams(window=window))
    assert np.array_equal(ours, reference.pool(counts, lattice, window, 2.0))


@pytest.mark.parametrize("far", [0, 10**7])
def test_two_spots_in_one_place_are_refused(far):
    lattice = np.array([[0, 0], [0, 0], [far, far]])
    with pytest.raises(DuplicateSpotError, match="share an array position"):
        pool_window(np.ones((3, 1)), lattice, PoolingParams())


def test_expression_is_not_modified():
    sample = shipped_part(100)
    before = sample.expression.copy()
    pool_window(sample.expression, sample.lattice, PoolingParams())
    assert np.array_equal(np.asarray(sample.expression), np.asarray(before))


def test_donor_3_pools_like_the_loops(shared_data):
    sample = real_sections(shared_data)["151673"]
    genes = slice(0, 300)
    ours = pool_window(sample.expression[:, genes], sample.lattice, PoolingParams(window=4))
    assert np.array_equal(ours, reference.pool(np.asarray(sample.expression)[:, genes], sample.lattice, 4, 2.0))
