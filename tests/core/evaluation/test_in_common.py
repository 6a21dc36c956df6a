"""Sections that share domains, with groups and sentences worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks import parts
from benchmarks.parts import Part
from core.evaluation.in_common import apart_in_words, domains_of, shared_in_words, tied_together
from core.method.joint import JointPipeline
from core.params import preset


def test_a_domain_of_a_few_stray_spots_does_not_lie_in_a_section():
    labels = np.repeat([0, 1, 2], (970, 20, 10))
    assert domains_of(labels) == {0, 1}


def test_sections_are_tied_together_by_two_domains_and_by_way_of_others():
    labels = {"A": [0, 1, 2], "B": [4, 5, 6], "C": [1, 2, 4, 5], "D": [6, 7, 8]}
    assert tied_together({name: np.array(found) for name, found in labels.items()}) == [["A", "B", "C"], ["D"]]


def test_where_there_is_one_domain_in_all_it_ties_sections_together():
    assert tied_together({"A": np.zeros(9, dtype=int), "B": np.zeros(7, dtype=int)}) == [["A", "B"]]


def test_sections_that_share_two_domains_are_one_group_and_nothing_is_told():
    groups = tied_together({"A": np.array([0, 1, 2]), "B": np.array([1, 2, 3])})
    assert groups == [["A", "B"]]
    assert apart_in_words(groups) == ""


def test_sections_with_one_domain_in_common_or_none_are_told_by_name():
    labels = {"A": np.array([0, 1, 2]), "B": np.array([2, 3, 4])}
    assert apart_in_words(tied_together(labels)).startswith("Fewer than two domains lie in both A and B.")
    labels |= {"C": np.array([3, 4, 5])}
    assert apart_in_words(tied_together(labels)).startswith("Fewer than two domains of A lie in B and C.")
    labels |= {"D": np.array([5, 6])}
    told = apart_in_words(tied_together(labels))
    assert told.startswith("These share fewer than two domains with each other: A; B and C; D.")


def test_domains_in_more_than_one_section_are_counted():
    labels = {"A": np.array([0, 1, 2]), "B": np.array([1, 2, 3])}
    assert shared_in_words(labels) == "2 of 4 domains lie in both"


@pytest.mark.slow
def test_real_halves_whose_labels_do_not_mean_the_same_are_told_and_others_are_not(shared_data):
    def joined(first, second):
        tissues = shared_data / "tissues"
        halves = zip(("mpfc_1", "mpfc_2"), (first, second), strict=True)
        samples = [parts.read(Part(source=tissues / f"{name}.h5ad", half=half)) for name, half in halves]
        results = JointPipeline(samples).run(preset("recommended", 4))
        labels = {sample.name: results[sample.name].labels for sample in samples}
        truth = np.concatenate([sample.labels_true for sample in samples])
        return tied_together(labels), adjusted_rand_score(truth, np.concatenate(list(labels.values())))

    apart, at_once = joined("right", "left")
    assert (len(apart), at_once < 0.4) == (2, True)  # each alone has more than that
    tied, at_once = joined("left", "right")
    assert (len(tied), at_once > 0.5) == (1, True)
