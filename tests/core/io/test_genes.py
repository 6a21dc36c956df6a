import numpy as np
import pytest
from scipy import sparse

from core.errors import SampleError
from core.io.genes import chosen, most_variable
from core.io.incoming import ImportChoices


def noise(n_spots: int, means: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).poisson(means, (n_spots, len(means)))


def test_a_gene_of_one_region_is_chosen_before_evenly_expressed_genes_of_every_abundance() -> None:
    counts = noise(400, np.geomspace(0.1, 100, 60))
    counts[:, 20] = np.where(np.arange(400) < 100, 4 * counts[:, 20] + 2, 0)
    assert most_variable(sparse.csr_array(counts), 1).tolist() == [20]


def test_the_score_is_the_variance_of_values_standardised_by_the_trend_and_clipped_written_out_densely() -> None:
    counts = noise(300, np.geomspace(0.05, 50, 200)) * np.random.default_rng(1).integers(0, 3, (300, 200))
    mean, variance = counts.mean(axis=0), counts.var(axis=0, ddof=1)
    trend = np.polyval(np.polyfit(np.log10(mean), np.log10(variance), 2), np.log10(mean))
    standardised = np.minimum((counts - mean) / np.sqrt(10**trend), np.sqrt(300))
    best = np.sort(np.argsort(-(standardised**2).sum(axis=0))[:50])
    assert most_variable(sparse.csr_array(counts), 50).tolist() == best.tolist()


def test_genes_that_are_never_counted_come_last_and_change_nothing() -> None:
    counts = noise(200, np.geomspace(0.1, 20, 30))
    with_silent = np.hstack([counts, np.zeros((200, 5), dtype=int)])
    chosen = most_variable(sparse.csr_array(with_silent), 10)
    assert chosen.tolist() == most_variable(sparse.csr_array(counts), 10).tolist()


def test_all_genes_are_kept_when_there_are_fewer_than_asked_for() -> None:
    assert most_variable(sparse.csr_array(noise(50, np.geomspace(1, 9, 7))), 100).tolist() == list(range(7))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_the_number_type_does_not_matter_and_the_counts_are_left_alone(kind: type) -> None:
    counts = sparse.csr_array(noise(100, np.geomspace(0.1, 20, 40)).astype(kind))
    before = counts.copy()
    assert most_variable(counts, 5).tolist() == most_variable(counts.astype(np.int64), 5).tolist()
    assert abs(counts - before).nnz == 0


def test_the_labs_rule_keeps_genes_with_counts_in_a_tenth_of_the_spots():
    counts = np.zeros((20, 3), dtype=int)
    counts[:1, 0], counts[:2, 1], counts[:, 2] = 5, 1, 1
    assert chosen(sparse.csr_array(counts), ImportChoices(genes="present")).tolist() == [1, 2]


def test_all_genes_are_kept_where_all_are_asked_for_and_n_where_the_variable_are():
    counts = sparse.csr_array(noise(50, np.geomspace(0.1, 10, 30)))
    assert len(chosen(counts, ImportChoices(genes="all"))) == 30
    assert len(chosen(counts, ImportChoices(genes="variable", n_genes=7))) == 7


def test_no_gene_in_a_tenth_of_the_spots_is_said_in_words():
    counts = sparse.csr_array(np.eye(30, dtype=int))
    with pytest.raises(SampleError, match="None of the 30 genes has counts in at least 10% of the 30 spots"):
        chosen(counts, ImportChoices(genes="present"))


def test_a_panel_and_cells_keep_all_genes_and_other_matrices_those_in_a_tenth_of_the_spots():
    counts = sparse.csr_array(np.eye(40, 1600, dtype=int))
    of_panel = counts[:, :1499]
    assert chosen(of_panel, ImportChoices()).tolist() == list(range(1499))
    assert chosen(counts, ImportChoices(), cells=True).tolist() == list(range(1600))
    seen = sparse.csr_array(np.hstack([np.ones((40, 1), dtype=int), np.eye(40, 1599, dtype=int)]))
    assert chosen(seen, ImportChoices()).tolist() == [0]
