"""Differential expression, held against scipy's Mann-Whitney test, numbers by hand, and what is known of human cortex."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse, stats

from core.errors import SampleError
from core.evaluation.differential import COLUMNS, Differential, Group, as_csv, check_groups, find_differential
from core.io import lab

SHIPPED = Path(__file__).parents[3] / "spca_dat/151673.h5"
RANDOM = np.random.default_rng(5)
LABELS = np.repeat([0, 1, 2], [30, 40, 50])
COUNTS = RANDOM.poisson(RANDOM.uniform(0.3, 5, 45), (120, 45))
COUNTS[LABELS == 1, 7] += 9
COUNTS[:, 11] = 0
NAMES = np.array([f"G{gene}" for gene in range(45)])
FIRST, SECOND, THIRD = (Group(name, np.equal(LABELS, label)) for label, name in enumerate(("first", "second", "third")))


def normalised(counts=COUNTS):
    totals = counts.sum(axis=1)
    return np.log1p(counts / (totals / np.median(totals))[:, None])


@pytest.fixture(scope="module")
def found() -> Differential:
    return find_differential(COUNTS, SECOND, THIRD, NAMES)


@pytest.mark.parametrize("against", [None, THIRD])
def test_p_is_that_of_scipys_mann_whitney_test_adjusted_by_benjamini_and_hochberg(against):
    values, other = normalised(), (SECOND.rest() if against is None else against).spots
    p = [stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic").pvalue if a.any() or b.any() else 1.0
         for a, b in zip(values[SECOND.spots].T, values[other].T, strict=True)]  # fmt: skip
    order = np.argsort(p)
    adjusted = np.minimum.accumulate((np.array(p)[order] * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    ours = find_differential(COUNTS, SECOND, against, NAMES)
    np.testing.assert_allclose(ours.p_adjusted[order], adjusted, rtol=1e-9)


def test_numbers_of_four_spots_are_those_by_hand():
    counts = np.array([[3, 1], [3, 1], [0, 4], [2, 2]])  # every spot has 4 counts: nothing to normalise
    ours = find_differential(counts, Group("left", np.array([True, True, False, False])))
    assert ours.sizes == (2, 2)
    assert ours.share.tolist() == [1, 1]
    assert ours.share_against.tolist() == [0.5, 1]
    np.testing.assert_allclose(ours.mean, np.log([4, 2]))
    np.testing.assert_allclose(ours.mean_against, [np.log(3) / 2, np.log(15) / 2])
    # Means of logarithms back to counts: 3 over sqrt(3) - 1, and 1 over sqrt(15) - 1.
    np.testing.assert_allclose(ours.log2_fold_change, np.log2([3 / (3**0.5 - 1), 1 / (15**0.5 - 1)]), rtol=1e-5)
    # Ranks 3.5, 3.5, 1, 2: the sum is 7, where 5 is expected, and two tie: variance 2 * 2 * 5 / 12 * (1 - 6 / 60).
    np.testing.assert_allclose(ours.score, [2 / 1.5**0.5, -2 / 1.5**0.5], rtol=1e-6)


def test_a_planted_gene_comes_first_and_last_with_the_groups_exchanged(found):
    other_way = find_differential(COUNTS, THIRD, SECOND, NAMES)
    assert found.table(1)["gene"].tolist() == ["G7"]
    assert other_way.table()["gene"][-1] == "G7"
    np.testing.assert_allclose(other_way.score, -found.score, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other_way.p_adjusted, found.p_adjusted)
    np.testing.assert_array_equal(other_way.share, found.share_against)


def test_spots_of_neither_group_take_no_part_but_in_the_median_total(found):
    counts = COUNTS.copy()
    counts[LABELS == 0] = RANDOM.permuted(counts[LABELS == 0], axis=1)  # the totals stay
    np.testing.assert_array_equal(find_differential(counts, SECOND, THIRD, NAMES).score, found.score)


def test_a_gene_without_counts_tells_nothing_apart(found):
    assert (found.score[11], found.log2_fold_change[11], found.p_adjusted[11]) == (0, 0, 1)
    assert (found.share[11], found.mean_against[11]) == (0, 0)


def test_sparse_counts_give_the_same_and_are_never_made_dense_as_a_whole(found, monkeypatch):
    monkeypatch.setattr(sparse.csr_array, "toarray", lambda *args: pytest.fail("made dense"))
    ours = find_differential(sparse.csr_array(COUNTS), SECOND, THIRD, NAMES)
    np.testing.assert_array_equal(ours.score, found.score)
    np.testing.assert_array_equal(ours.p_adjusted, found.p_adjusted)


def some(*spots):
    return np.isin(np.arange(120), spots)


@pytest.mark.parametrize(
    ("group", "against", "sentence"),
    [
        (Group("my region", some()), None, "My region has no spots: a test needs at least two spots on either side"),
        (Group("Layer5", some(3)), None, "Layer5 has one spot: a test needs at least two"),
        (Group("Layer5", ~some()), None, "Layer5 has all 120 spots, so there is nothing to compare it with"),
        (Group("Layer5", ~some(3)), None, "The rest has one spot"),
        (FIRST, Group("Layer4", some(100)), "Layer4 has one spot"),
        (FIRST, Group("Layer4", some(0, 1, 100)), "2 spots are in first and in Layer4: choose two groups that have no"),
        (FIRST, Group("Layer4", some(0, 100)), "One spot is in first and in Layer4"),
        (FIRST, FIRST, "30 spots are in first and in first"),
        (Group("Layer5", LABELS[1:] == 1), None, "Layer5 is given for 119 spots, but there is expression of 120"),
    ],
)  # fmt: skip
def test_groups_that_cannot_be_compared_are_named_in_a_sentence(group, against, sentence):
    with pytest.raises(SampleError) as refused:
        find_differential(COUNTS, group, against, NAMES)
    assert str(refused.value).startswith(sentence)


def test_names_from_outside_stand_in_sentences_on_one_line_and_cut():
    with pytest.raises(SampleError) as refused:
        check_groups(Group("x\n" * 9_000, some(3)), FIRST)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


def test_progress_ends_with_all_genes():
    heard = []
    find_differential(COUNTS, SECOND, on_progress=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (45, 45)
    assert len(heard) > 10


def test_the_csv_holds_every_gene_in_the_order_of_its_rank(found):
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert list(rows[0]) == ["rank", *COLUMNS]
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 46)]
    assert rows[0]["gene"] == "G7"
    assert float(rows[0]["score"]) == pytest.approx(found.score[7], rel=1e-5)


def test_pcp4_leads_layer_5_against_layer_4_and_the_rest_of_the_shipped_section():
    sample = lab.read(SHIPPED)
    layer4, layer5 = (Group(name, sample.labels_true == name) for name in ("Layer4", "Layer5"))
    for against in (layer4, None):
        first = find_differential(sample.expression, layer5, against, sample.gene_names).table(10)
        assert "PCP4" in first["gene"].tolist()
        assert first["log2_fold_change"][first["gene"].tolist().index("PCP4")] > 1
