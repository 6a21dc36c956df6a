"""Sets of genes: names as people paste them, and scores held against scanpy and a planted set."""

import numpy as np
import pandas as pd
import pytest
import scanpy
from anndata import AnnData
from scipy import sparse

from core.errors import SampleError
from core.evaluation.gene_sets import find_genes, names_in, score_set
from core.method.normalisation import log_normalised
from core.sample import Sample

RANDOM = np.random.default_rng(2)
COUNTS = RANDOM.poisson(RANDOM.uniform(0.5, 6, 200), (60, 200))
COUNTS[:20, :5] *= 4
NAMES = np.array(["PCP4", "MOBP", "pcp4", "C1orf43", "SNAP25", "<b>x</b>", "MOBP", *(f"G{i}" for i in range(193))])
IDS = np.array([f"ENSG{i:011}" for i in range(199)] + [""])
SAMPLE = Sample(
    name="s", expression=COUNTS, gene_names=NAMES, gene_ids=IDS, lattice=np.array([(i, i % 2) for i in range(60)])
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PCP4, MOBP\r\nSNAP25;\tGFAP  PCP4", ("PCP4", "MOBP", "SNAP25", "GFAP")),
        (" ,;\n ", ()),
        ("<script>alert(1)</script>", ("<script>alert(1)</script>",)),
    ],
)
def test_names_are_read_with_anything_between_them_and_each_once(text, names):
    assert names_in(text) == names


def test_symbols_come_as_written_first_and_then_in_any_case_and_the_first_of_two_equal_genes_is_taken():
    found = find_genes(SAMPLE, ("PCP4", "pcp4", "Pcp4", "mobp", "c1ORF43", "<b>x</b>"))
    assert found.columns == (0, 2, 1, 3, 5)
    assert found.names == ("PCP4", "pcp4", "MOBP", "C1orf43", "<b>x</b>")
    assert found.missing == ()


def test_identifiers_are_found_with_and_without_their_version():
    found = find_genes(SAMPLE, ("ENSG00000000004", "ensg00000000001", "ENSG00000000000.12", "ENSG00000009999"))
    assert found.names == ("SNAP25", "MOBP", "PCP4")
    assert found.missing == ("ENSG00000009999",)


def test_an_empty_name_finds_nothing_though_a_gene_has_an_empty_identifier():
    assert find_genes(SAMPLE, ("",)).columns == ()


def test_missing_names_are_named_and_of_ten_thousand_the_first_ten():
    assert find_genes(SAMPLE, ("PCP4", "XYZ")).missing_in_words() == "1 name not found in this sample: XYZ."
    assert find_genes(SAMPLE, ("PCP4",)).missing_in_words() == ""
    many = find_genes(SAMPLE, names_in(" ".join(f"NOT{number}" for number in range(10_000)))).missing_in_words()
    assert many.startswith("10,000 names not found in this sample: NOT0, NOT1, ")
    assert many.endswith("NOT9 and 9,990 more.")


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_the_score_is_scanpys_and_the_same_at_every_call(form):
    values = log_normalised(COUNTS)
    adata = AnnData(values.copy(), var=pd.DataFrame(index=[f"gene {number}" for number in range(200)]))
    scanpy.tl.score_genes(adata, [f"gene {number}" for number in range(5)], random_state=0)
    found = score_set(form(values), range(5))
    np.testing.assert_allclose(found, adata.obs["score"], atol=1e-9)
    assert score_set(form(values), range(5)).tobytes() == found.tobytes()


def test_a_planted_set_scores_high_where_it_was_planted_and_about_0_elsewhere():
    found = score_set(log_normalised(COUNTS), range(5))
    assert np.median(found[:20]) > found[20:].max()
    assert abs(found[20:].mean()) < 0.2
    assert found[:20].mean() - found[20:].mean() > 0.6


def test_genes_without_counts_are_borne():
    counts = COUNTS.copy()
    counts[:, :2] = 0
    assert np.isfinite(score_set(log_normalised(counts), (0, 1))).all()


@pytest.mark.parametrize(
    ("n_genes", "sentence"),
    [(0, "0 genes of the set found"), (1, "1 gene of the set found"), (200, "The set holds all 200 genes")],
)
def test_a_set_that_cannot_be_scored_is_refused_in_a_sentence(n_genes, sentence):
    with pytest.raises(SampleError, match=sentence):
        score_set(log_normalised(COUNTS), range(n_genes))


def test_a_set_that_leaves_no_control_genes_is_refused_in_a_sentence():
    rising = np.tile(np.arange(1, 201), (3, 1))  # of 25 bins the last two hold the nine genes with the most counts
    with pytest.raises(SampleError, match="No genes as abundant"):
        score_set(log_normalised(rising), range(191, 200))
