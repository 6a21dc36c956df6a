import dataclasses

import numpy as np
import pytest

from core.annotation import Region, compared, new_annotation
from core.annotation_labels import from_labels
from core.errors import AnnotationError
from core.evaluation.agreement import agreement
from core.region_names import fitting_names
from tests.small_tissue import small_sample


def test_labels_of_spots_without_a_region_are_unannotated():
    made = from_labels(np.array(["b", "", "a", "NA", "b", "nan"]), name="mine")
    assert made.names == ["a", "b"]
    assert made.assigned.tolist() == [1, -1, 0, -1, 1, -1]
    assert made.labels_true().tolist() == ["b", "NA", "a", "NA", "b", "NA"]
    assert made.sizes == [1, 2]


def test_the_legend_has_the_order_and_colours_that_are_asked_for():
    made = from_labels(np.array(["a", "b"]), name="mine", order=["b", "a"], colours={"a": "#a1b2c3"})
    assert made.regions == (Region("b", "#808080"), Region("a", "#A1B2C3"))
    assert made.assigned.tolist() == [1, 0]


def test_comparing_with_an_annotation_keeps_results_and_changes_scores():
    sample = small_sample("one")
    before = sample.content_hash
    annotation = from_labels(np.where(sample.lattice[:, 0] < 8, "upper", "lower"), name="halves")
    other = compared(sample, annotation)
    assert dataclasses.replace(other).content_hash == other.content_hash == before
    assert other.annotation_hash != sample.annotation_hash
    assert agreement((sample.lattice[:, 0] < 8).astype(int), other.labels_true).ari == 1
    assert sample.layer_names == ["Layer1", "Layer2", "Layer3"]


def test_no_annotation_and_one_without_spots_are_no_annotation():
    sample = small_sample("one")
    assert compared(sample, None).labels_true is None
    assert compared(sample, new_annotation(sample.n_spots, name="mine")).labels_true is None


def test_an_annotation_of_another_number_of_spots_is_refused():
    with pytest.raises(AnnotationError, match="of 3 spots, but one has 192: it belongs to another sample"):
        compared(small_sample("one"), new_annotation(3, name="mine"))


@pytest.mark.parametrize("name", ["", "  ", "a" * 61, "two\nlines", "na", "None", " a"])
def test_a_region_needs_a_name_that_can_be_printed_and_means_a_region(name):
    with pytest.raises(AnnotationError, match=r"name of the region|cannot be called"):
        Region(name, "#112233")


def test_markup_is_a_name_like_any_other():
    assert Region("<b>Layer</b> & <script>", "#112233").name == "<b>Layer</b> & <script>"


@pytest.mark.parametrize("colour", ["red", "#12345", "#aabbcc", "#GGGGGG", "url(x)"])
def test_a_colour_is_six_hexadecimal_digits(colour):
    with pytest.raises(AnnotationError, match="is not written as #RRGGBB"):
        Region("a", colour)


def test_two_regions_do_not_share_a_name():
    with pytest.raises(AnnotationError, match="Two regions are called 'a'"):
        new_annotation(3, name="mine", regions=(Region("a", "#112233"), Region("a", "#445566")))


def test_spots_cannot_be_assigned_to_regions_that_there_are_not():
    with pytest.raises(AnnotationError, match="regions that it does not have"):
        dataclasses.replace(new_annotation(3, name="mine"), assigned=np.array([0, -1, -1]))


def test_names_of_any_length_are_made_to_fit_and_stay_apart():
    long = ["x" * 10_000, "x" * 10_000 + "y", "a\x00b", "a\tb", "a b", "", "NaN"]
    fitting = fitting_names(long)
    assert fitting == [
        "x" * 57 + "...", "x" * 56 + " (2)", "a?b", "a b", "a b (2)", "Region", "NaN (region)",
    ]  # fmt: skip
    assert all(Region(name, "#112233") for name in fitting)


def test_measured_values_are_no_regions():
    with pytest.raises(
        AnnotationError, match="There are 101 regions of different names, but an annotation has at most"
    ):
        from_labels(np.arange(101).astype(str), name="mine")


def test_labels_that_all_mean_nothing_are_refused_with_a_sentence():
    with pytest.raises(AnnotationError, match="No spot has a label"):
        from_labels(np.array(["NA", ""]), name="mine")


def test_a_region_that_is_not_there_is_named_with_those_that_are():
    made = from_labels(np.array(["b", "a"]), name="mine")
    assert made.spots_of("b").tolist() == [True, False]
    with pytest.raises(AnnotationError, match="mine has no region 'c'; its regions are a, b"):
        made.spots_of("c")
