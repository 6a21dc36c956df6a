import numpy as np
import pytest
from scipy import sparse

from core.method.walking import solved


def test_every_side_is_numpys_solution():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(40, 40))
    matrix = half @ half.T + np.eye(40)
    right, start = rng.normal(size=(40, 3)), np.zeros((40, 3))
    found = solved(sparse.csr_array(matrix), right, start, 1e-10)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), atol=1e-6)


@pytest.mark.parametrize("begins", [[0], [0, 10, 30], range(40)])
def test_groups_change_no_solution(begins):
    rng = np.random.default_rng(1)
    half = rng.normal(size=(40, 40))
    matrix, right = half @ half.T + np.eye(40), rng.normal(size=(40, 3))
    found = solved(sparse.csr_array(matrix), right, np.zeros((40, 3)), 1e-10, np.asarray(begins))
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), atol=1e-6)


def test_what_is_solved_already_stays():
    right = np.array([[2.0, 0.0], [0.0, 6.0]])
    found = solved(sparse.csr_array(np.diag([2.0, 3.0])), right, np.array([[1.0, 0.0], [0.0, 2.0]]), 1e-8)
    assert found.tolist() == [[1, 0], [0, 2]]


def test_no_sides_are_no_work():
    assert solved(sparse.csr_array(np.eye(2)), np.empty((2, 0)), np.empty((2, 0)), 1e-8).shape == (2, 0)
