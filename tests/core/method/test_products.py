import numpy as np
import pytest
from scipy import sparse

from core.method.products import product, reordered, rows_of


@pytest.fixture(scope="module", params=[np.float64, np.float32, np.int32])
def matrix(request):
    """More rows than a block has, some of them empty."""
    rng = np.random.default_rng(0)
    entries = np.where(rng.random((40_000, 30)) < 0.1, rng.integers(1, 9, (40_000, 30)), 0)
    return sparse.csr_array(entries.astype(request.param))


def test_a_product_is_scipys(matrix):
    values = np.random.default_rng(1).normal(size=(30, 7))
    np.testing.assert_allclose(product(matrix, values), matrix @ values, rtol=1e-13, atol=1e-13)


def test_a_product_fills_in_columns_of_another_array(matrix):
    values, out = np.random.default_rng(1).normal(size=(30, 4)), np.full((40_000, 6), 5.0)
    product(matrix, values, out=out[:, 1:5])
    np.testing.assert_allclose(out[:, 1:5], matrix @ values, rtol=1e-13, atol=1e-13)
    assert (out[:, [0, 5]] == 5).all()


def test_rows_are_shown_without_a_copy(matrix):
    rows = rows_of(matrix, slice(100, 200))
    assert np.shares_memory(rows.data, matrix.data)
    assert np.shares_memory(rows.indices, matrix.indices)
    assert (rows.toarray() == matrix.toarray()[100:200]).all()


def test_another_order_is_scipys(matrix):
    order = np.random.default_rng(2).permutation(40_000)
    assert (reordered(matrix, order).toarray() == matrix.toarray()[order]).all()
