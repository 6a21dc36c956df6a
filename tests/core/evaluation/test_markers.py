"""Marker genes, held against a planted gene, scipy's rank sums and scanpy run by hand."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
import scanpy
from anndata import AnnData
from scipy import sparse, stats

from core.errors import SampleError
from core.evaluation.markers import COLUMNS, as_csv, find_markers

RANDOM = np.random.default_rng(3)
LABELS = np.repeat([0, 1, 2], [30, 40, 50])
COUNTS = RANDOM.poisson(RANDOM.uniform(0.5, 6, 45), (120, 45))
COUNTS[LABELS == 1, 7] += 9
NAMES = np.array([f"G{gene}" for gene in range(45)])


@pytest.fixture(scope="module")
def markers():
    return find_markers(COUNTS, LABELS, NAMES)


def normalised():
    """Divide by totals and take logarithms as scanpy does."""
    adata = AnnData(COUNTS.astype(float))
    adata.var_names = NAMES
    adata.obs["domain"] = pd.Categorical(LABELS.astype(str))
    scanpy.pp.normalize_total(adata)
    scanpy.pp.log1p(adata)
    return adata


def test_a_gene_planted_in_one_domain_comes_first_there_and_last_elsewhere(markers):
    first = markers.table(1, 1)
    assert first["gene"].tolist() == ["G7"]
    assert first["p_adjusted"][0] < 1e-10
    assert first["log2_fold_change"][0] > 1
    assert "G7" in markers.table(0)["gene"][-1:].tolist() + markers.table(2)["gene"][-1:].tolist()


def test_scores_are_those_of_scipys_rank_sums(markers):
    values = normalised().X
    for row, cluster in enumerate(markers.clusters):
        inside = cluster == LABELS
        for gene in (0, 7, 20):
            found = stats.ranksums(values[inside, gene], values[~inside, gene])
            assert markers.scores[row, gene] == pytest.approx(found.statistic, rel=1e-5)


@pytest.mark.filterwarnings(
    "ignore:The inplace keyword"
)  # scanpy.get, which reads the answer here, changes frames in place
def test_every_column_is_what_scanpy_gives_on_the_whole_matrix_at_once(markers):
    adata = normalised()
    scanpy.tl.rank_genes_groups(adata, "domain", method="wilcoxon", pts=True)
    for cluster in markers.clusters:
        theirs = scanpy.get.rank_genes_groups_df(adata, str(cluster)).set_index("names")
        ours = markers.table(cluster)
        order = ours["gene"].tolist()
        np.testing.assert_allclose(ours["score"], theirs.loc[order, "scores"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(ours["p_adjusted"], theirs.loc[order, "pvals_adj"], rtol=1e-9)
        np.testing.assert_allclose(ours["log2_fold_change"], theirs.loc[order, "logfoldchanges"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(ours["share_inside"], theirs.loc[order, "pct_nz_group"], rtol=1e-6)
        np.testing.assert_allclose(ours["share_outside"], theirs.loc[order, "pct_nz_reference"], rtol=1e-6)


def test_means_are_those_of_the_normalised_logarithms(markers):
    values, inside = normalised().X, LABELS == 2
    np.testing.assert_allclose(markers.means_inside[2], values[inside].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(markers.means_outside[2], values[~inside].mean(axis=0), rtol=1e-6)


def test_sparse_counts_give_the_same_and_are_never_made_dense_as_a_whole(markers, monkeypatch):
    counts = sparse.csr_array(COUNTS)
    monkeypatch.setattr(sparse.csr_array, "toarray", lambda *args: pytest.fail("made dense"))
    found = find_markers(counts, LABELS, NAMES)
    np.testing.assert_array_equal(found.scores, markers.scores)
    np.testing.assert_array_equal(found.p_adjusted, markers.p_adjusted)


def test_another_call_gives_the_same_to_the_last_bit_and_genes_of_equal_score_keep_their_order(markers):
    again = find_markers(COUNTS, LABELS, NAMES)
    assert again.scores.tobytes() == markers.scores.tobytes()
    twins = find_markers(np.hstack([COUNTS, COUNTS[:, [7]]]), LABELS)
    assert twins.table(1, 2)["gene"].tolist() == ["Gene 7", "Gene 45"]


def test_a_cluster_of_one_spot_is_left_out_and_named_and_counts_among_the_others():
    labels = LABELS.copy()
    labels[0] = 9
    found = find_markers(COUNTS, labels, NAMES)
    assert found.clusters == (0, 1, 2)
    assert found.too_small == {9: 1}
    assert found.table(1, 1)["gene"][0] == "G7"
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros(120, int), "All spots are in one cluster"),
        (np.arange(120), "None of the 120"),
        (LABELS[1:], "119 clus"),
    ],
)
def test_what_cannot_be_compared_is_said_in_words(labels, words):
    with pytest.raises(SampleError, match=words):
        find_markers(COUNTS, labels)


def test_genes_and_spots_without_counts_are_borne():
    counts = COUNTS.copy()
    counts[:, 3] = 0
    counts[5] = 0
    found = find_markers(counts, LABELS, NAMES)
    assert found.scores[:, 3].tolist() == [0, 0, 0]
    assert found.p_adjusted[:, 3].tolist() == [1, 1, 1]


def test_progress_ends_with_all_genes():
    heard = []
    find_markers(COUNTS, LABELS, on_progress=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (45, 45)
    assert heard == sorted(heard)
    assert len(heard) > 10


def test_the_csv_holds_every_domain_and_gene_in_the_order_of_their_ranks(markers):
    text = as_csv(markers, {0: "upper, left", 1: "Layer 1", 2: "c"})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["domain", "rank", *COLUMNS]
    assert len(rows) == 3 * 45
    assert (rows[0]["domain"], rows[45]["domain"], rows[45]["gene"], rows[45]["rank"]) == (
        "upper, left",
        "Layer 1",
        "G7",
        "1",
    )
    assert float(rows[45]["score"]) == pytest.approx(markers.table(1)["score"][0], rel=1e-5)
