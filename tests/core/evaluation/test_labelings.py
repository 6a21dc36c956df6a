import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from core.errors import SampleError
from core.evaluation.labelings import disagreement, pairs

RANDOM = np.random.default_rng(0)
LABELINGS = {name: RANDOM.choice(["1", "2", "3", "NA"], 300) for name in ("a", "b", "c")}


def test_every_pair_has_the_scores_of_scikit_learn_on_the_spots_that_both_label():
    found = pairs(LABELINGS)
    assert [(pair.one, pair.other) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    for pair in found:
        one, other = LABELINGS[pair.one], LABELINGS[pair.other]
        common = (one != "NA") & (other != "NA")
        assert pair.n_common == common.sum()
        assert pair.ari == pytest.approx(adjusted_rand_score(one[common], other[common]))
        assert pair.nmi == pytest.approx(normalized_mutual_info_score(one[common], other[common]))


def test_two_labelings_without_a_spot_in_common_have_no_score():
    (pair,) = pairs({"a": np.array(["1", "NA"]), "b": np.array(["NA", "1"])})
    assert (pair.n_common, pair.ari, pair.nmi) == (0, None, None)


def test_other_names_of_the_same_regions_are_no_disagreement():
    layers = np.repeat(["L1", "L2", "WM"], 10)
    found = disagreement({"a": layers, "b": np.repeat(["7", "5", "0"], 10), "c": np.repeat(["x", "y", "z"], 10)})
    assert found.reference == "a"
    assert (found.share == 0).all()
    assert all((names == layers).all() for names in found.names.values())


def test_the_share_counts_who_differs_from_most():
    one = np.array(["u"] * 4 + ["v"] * 4, dtype="U2")
    other, third = one.copy(), one.copy()
    other[3] = "v"  # differs alone
    third[7] = "NA"  # says nothing of this spot
    found = disagreement({"a": one, "b": other, "c": third})
    assert found.plurality.tolist() == one.tolist()
    assert found.share.tolist() == [0, 0, 0, pytest.approx(1 / 3), 0, 0, 0, 0]


def test_a_spot_that_fewer_than_two_label_has_no_share():
    found = disagreement({"a": np.array(["u", "u", "NA"]), "b": np.array(["u", "NA", "NA"])})
    assert found.share[0] == 0
    assert np.isnan(found.share[1:]).all()
    assert found.plurality.tolist() == ["u", "u", "NA"]


def test_a_region_that_only_one_labeling_has_differs_from_all_others():
    one = np.array(["u"] * 6)
    found = disagreement({"a": one, "b": one.copy(), "c": np.array(["u", "u", "u", "u", "u", "new"])})
    assert found.names["c"][5] == "new of c"
    assert found.share[5] == pytest.approx(1 / 3)


def test_two_against_two_go_by_the_first_and_half_differ():
    votes = [np.array(["u", "u", "v", "v", label]) for label in ("u", "v", "u", "v")]
    found = disagreement(dict(zip("abcd", votes, strict=True)))
    assert (found.plurality[4], found.share[4]) == ("u", 0.5)


def test_labelings_that_cannot_be_compared_are_a_sentence():
    with pytest.raises(SampleError, match="There is 1 labeling: two or more"):
        pairs({"a": np.array(["u"])})
    with pytest.raises(SampleError, match="a labels 1 spot, but b 2: are they of one section"):
        pairs({"a": np.array(["u"]), "b": np.array(["u", "v"])})
