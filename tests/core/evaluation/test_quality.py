import numpy as np
import pytest
from scipy import sparse

from core.evaluation.quality import composition, counts_per_spot, gene_counts, genes_per_spot

COUNTS = np.array([[0, 2, 1], [3, 0, 0], [0, 0, 0]], dtype=np.int32)


def with_a_stored_zero():
    matrix = sparse.csr_array(COUNTS)
    matrix.data[0] = 0  # the 2 of the first spot
    return matrix


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_counts_genes_and_one_gene_are_those_counted_by_hand(kind):
    assert counts_per_spot(kind(COUNTS)).tolist() == [3, 3, 0]
    assert genes_per_spot(kind(COUNTS)).tolist() == [2, 1, 0]
    assert gene_counts(kind(COUNTS), 0).tolist() == [0, 3, 0]


def test_a_stored_zero_is_no_gene():
    assert genes_per_spot(with_a_stored_zero()).tolist() == [1, 1, 0]


def test_composition_counts_the_chosen_spots_alone():
    labels = np.array(["WM", "Layer1", "WM", "NA"])
    assert composition(labels) == {"Layer1": 1, "NA": 1, "WM": 2}
    assert composition(labels, np.array([0, 2])) == {"WM": 2}
