"""Figures that hold runs against each other."""

import dataclasses

import numpy as np
import pytest

from core.depth import FoundDirection
from core.evaluation.matching import domains_of, match_domains
from core.evaluation.stability import adjusted_rand
from core.figures import colours
from core.figures.comparison import predicted_and_annotated
from core.figures.runs import agreement_of_runs, maps_of_runs, scores_by_layer
from core.figures.three_runs import three_runs
from core.guidance import Guidance
from core.marker_table import MarkerTable
from core.params import preset
from core.result import Result, Scores
from core.sample import Sample
from core.text import shortened

LATTICE = np.array([(row, col) for row in range(6) for col in range(6) if (row + col) % 2 == 0])
LAYERS = np.array(["Layer1", "Layer2", "NA"])[LATTICE[:, 0] // 2]
SAMPLE = Sample(name="slab", expression=np.ones((18, 2)), lattice=LATTICE, labels_true=LAYERS)
BARE = dataclasses.replace(SAMPLE, labels_true=None)
LABELS = np.array([1] * 6 + [0] * 6 + [2] * 6)
OTHER_NAMES = np.array([2] * 6 + [1] * 6 + [0] * 6)


MARKERS = MarkerTable(markers={"A": ("G1",), "B": ("G2",), "C": ("G3",)})


def made(labels):
    return Result(sample_name="slab", labels=labels, params=preset("paper"), scores=Scores(ari=0.5, nmi=0.25))


@pytest.mark.parametrize(("set_aside", "n_arrows"), [(False, 1), (True, 0)])
def test_only_a_direction_that_takes_part_is_drawn_as_on_the_maps_of_pages(set_aside, n_arrows):
    found = FoundDirection(angle=0.4, method="expression", set_aside=set_aside)
    figure = maps_of_runs(SAMPLE, ["one"], [dataclasses.replace(made(LABELS), direction=found)])
    assert [shape.type for shape in figure.layout.shapes] == ["path"] * n_arrows


def test_a_guided_run_is_called_so_above_its_map():
    free = made(LABELS)
    guided = dataclasses.replace(free, guidance=Guidance(markers=MARKERS), names=("A", "B", "C"))
    figure = maps_of_runs(SAMPLE, ["one", "two"], [free, guided])
    [one, two] = [note.text for note in figure.layout.annotations if "ARI" in note.text]
    assert "guided, ARI" in two
    assert "guided" not in one
    for result in (free, guided):
        heading = "".join(note.text for note in predicted_and_annotated(SAMPLE, result).layout.annotations)
        assert ("guided" in heading) == (result is guided)


def test_an_annotation_that_people_drew_has_its_name_and_its_colours_beside_the_runs():
    drawn = dataclasses.replace(SAMPLE, annotation_name="By hand, Ana", class_colours={"Layer1": "#0A7B3C"})
    for figure in (maps_of_runs(drawn, ["one"], [made(LABELS)]), three_runs(drawn, [made(LABELS)] * 3)):
        assert "By hand, Ana" in figure.layout.annotations[0].text
        assert set(fills(figure, 1).values()) & {"#0A7B3C"} == {"#0A7B3C"}
        assert "#0A7B3C" in fills(figure, 2).values()
    assert "experts" not in str(maps_of_runs(SAMPLE, ["one"], [made(LABELS)]).layout)


def fills(figure, panel):
    """Colour of each label of one map, by the number of its corners' first place."""
    return {
        (float(trace.x[0]), float(trace.y[0])): trace.fillcolor
        for trace in figure.data
        if trace.fill == "toself" and trace.xaxis in ({1: ("x", "x1")}.get(panel, (f"x{panel}",)))
    }


@pytest.mark.parametrize("sample", [SAMPLE, BARE])
def test_one_partition_under_other_names_has_the_same_colours(sample):
    figure = maps_of_runs(sample, ["one", "other"], [made(LABELS), made(OTHER_NAMES)])
    last = 2 + (sample is SAMPLE)
    assert fills(figure, last - 1) == fills(figure, last)
    assert len(set(fills(figure, last).values())) == 3


def test_without_annotation_a_run_whose_borders_moved_has_the_names_and_colours_of_another():
    lattice = np.array([(row, col) for row in range(24) for col in range(24) if (row + col) % 2 == 0])
    bare = dataclasses.replace(BARE, expression=np.ones((288, 2)), lattice=lattice)
    labels = np.repeat(LABELS, 16)
    moved = np.repeat(OTHER_NAMES, 16)
    moved[90:96] = 1
    first, second = domains_of(bare, labels), domains_of(bare, moved)
    assert {second.further[new]: old for new, old in ((2, 1), (1, 0), (0, 2))} == {
        first.further[old]: old for old in (1, 0, 2)
    }
    assert [second.names[new] for new in (2, 1, 0)] == [first.names[old] for old in (1, 0, 2)]


def test_with_annotation_every_run_has_its_own_best_matching():
    second = domains_of(SAMPLE, OTHER_NAMES)
    assert second.layers == {2: "Layer1", 1: "Layer2", 0: None}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_table_of_agreement_has_a_number_and_a_name_for_each_run(theme):
    figure = agreement_of_runs(
        ["one", "<b>other"],
        adjusted_rand([LABELS], [LABELS, OTHER_NAMES]).repeat(2, axis=0),
        numbers=[2, 5],
        theme=theme,
    )
    np.testing.assert_allclose(figure.data[0].z, 1)
    assert list(figure.layout.xaxis.ticktext) == ["2", "5"]
    assert [text.strip() for text in figure.layout.yaxis.ticktext] == ["2  one", "5  &lt;b&gt;other"]
    assert figure.data[0].customdata[0][1] == "one and &lt;b&gt;other"
    assert figure.layout.paper_bgcolor == colours.STYLES[theme].paper


def test_the_table_of_layers_has_them_from_the_surface_inwards_and_no_unannotated():
    half = np.where(LATTICE[:, 0] < 4, 0, 1)
    figure = scores_by_layer(LAYERS, ["exact", "both in one"], [match_domains(run, LAYERS) for run in (LABELS, half)])
    # One domain cannot be two layers: what holds both is one of them, and the other is not found.
    np.testing.assert_allclose(figure.data[0].z, np.array([[1, 2 / 3], [1, 0]]))
    assert [text.split("</span> ")[1].strip() for text in figure.layout.yaxis.ticktext] == ["Layer 1", "Layer 2"]
    assert list(figure.data[0].customdata[1]) == [
        "Layer 2 in exact",
        "No domain of both in one is matched with Layer 2",
    ]


# On so small a tissue, the corner of the third domain is that of the second colour.
def test_a_layer_is_found_by_the_domain_that_is_called_by_it_on_the_maps():
    # Domain 0 holds most of Layer 2 and all of Layer 1, which it is matched with: its F1 with Layer 2 is higher than that of 1.
    labels = np.array([0] * 6 + [0] * 4 + [1] * 2 + [2] * 6)
    found = domains_of(SAMPLE, labels)
    assert found.names == {0: "Layer 1", 1: "Layer 2", 2: "Domain 2"}
    figure = scores_by_layer(LAYERS, ["one"], [found])
    np.testing.assert_allclose(figure.data[0].z[:, 0], [2 * 6 / 16, 2 * 2 / 8])


def test_two_domains_that_were_given_one_name_find_a_layer_together():
    halves = np.array([0] * 3 + [1] * 3 + [2] * 6 + [3] * 6)
    found = domains_of(SAMPLE, halves)
    names = dict.fromkeys((0, 1), "Layer 1")
    apart, together = (scores_by_layer(LAYERS, ["one"], [each]).data[0].z[:, 0] for each in (found, found.named(names)))
    np.testing.assert_allclose(apart, [2 * 3 / 9, 1])
    np.testing.assert_allclose(together, [1, 1])


def test_a_given_name_of_other_domains_in_a_run_before_has_the_number_of_its_run():
    found = [domains_of(BARE, LABELS, {0: "Tumour"}), domains_of(BARE, LABELS, {1: "Tumour"})]
    figure = maps_of_runs(BARE, ["one", "other"], [made(LABELS), made(LABELS)], found)
    keys = {trace.name: trace.marker.color for trace in figure.data if trace.showlegend is not False}
    drawn = {trace.name: trace.fillcolor for trace in figure.data if trace.fill == "toself"}
    assert {"Tumour", "Tumour (2)"} <= set(drawn) == set(keys)
    assert all(keys[name] == colour for name, colour in drawn.items())


def test_names_that_people_gave_are_on_the_maps_as_plain_text():
    found = domains_of(SAMPLE, LABELS, {1: "<b>Tumour</b>"})
    names = {
        trace.name
        for trace in maps_of_runs(SAMPLE, ["one"], [made(LABELS)], [found]).data
        if trace.showlegend is not False
    }
    assert {"&lt;b&gt;Tumour&lt;/b&gt;", "Layer 2"} <= names


def test_names_that_are_markup_are_written_as_they_are():
    figure = maps_of_runs(SAMPLE, ["<a href='x'>name</a>"], [made(LABELS)])
    assert any("&lt;a href=" in text for text in (note.text for note in figure.layout.annotations))


def test_long_names_are_cut_and_short_ones_kept():
    assert shortened("a" * 28) == "a" * 28
    assert shortened("a" * 29) == "a" * 27 + "…"
