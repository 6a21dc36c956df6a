import numpy as np
import pytest

from core.evaluation.contingency import numbered


@pytest.mark.parametrize(
    "labels",
    [
        np.array([4, 4, 2, 0, 4]), np.array([7], np.uint8), np.array([10**9, 3, 3]), np.array([-1, 2, 2]), np.array([], int),
        np.array(["b", "a", "b"]), np.array([2.5, 1.0, 2.5]), np.array([True, False]), np.array([3, 1, 1, 3], np.int32),
    ],
)  # fmt: skip
def test_labels_are_numbered_as_numpys_unique_numbers_them(labels):
    names, rows = numbered(labels)
    expected_names, expected_rows = np.unique(labels, return_inverse=True)
    assert (names.tolist(), rows.tolist()) == (expected_names.tolist(), expected_rows.tolist())
    assert names.dtype == labels.dtype
