"""Charts below the maps: what they say, by tissue small enough to count by hand."""

import dataclasses

import numpy as np
import pytest

from core.depth import FoundDirection
from core.evaluation.matching import Matching, match_domains
from core.evaluation.share import Shares
from core.evaluation.stability import agreement_with_others, kept_share
from core.figures import charts, colours, small_maps
from core.figures.confusion import confusion
from core.figures.depth import depth_profile, distances, shares_along
from core.figures.flow import flow
from core.figures.repeats import repeats, scores_of_starts
from core.figures.shares import share_bar
from core.figures.three_runs import three_runs
from core.params import preset
from core.result import Result, Scores
from core.sample import Sample

LATTICE = np.array([(row, col) for row in range(6) for col in range(6) if (row + col) % 2 == 0])
LAYERS = np.array(["Layer1", "Layer2", "NA"])[LATTICE[:, 0] // 2]
SAMPLE = Sample(name="slab", expression=np.ones((18, 2)), lattice=LATTICE, labels_true=LAYERS)
# Clusters 1 and 0 are the two layers; three of the unannotated spots are in cluster 2, three in 0.
LABELS = np.array([1] * 6 + [0] * 6 + [2, 2, 2, 0, 0, 0])
MATCHING = match_domains(LABELS, LAYERS)


def straight_depth(angle):
    return FoundDirection(angle=angle, method="manual").depth_um(SAMPLE.coordinates)


def made(seed=0, labels=LABELS, **scores):
    params = preset("paper")
    params = dataclasses.replace(params, clustering=dataclasses.replace(params.clustering, random_state=seed))
    return Result(sample_name="slab", labels=labels, params=params, scores=Scores(**scores))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_table_counts_spots_with_matched_clusters_on_the_diagonal(theme):
    figure = confusion(LAYERS, MATCHING, theme=theme)
    assert [[count for count, _ in row] for row in figure.data[0].customdata] == [[6, 0, 0], [0, 6, 0], [0, 3, 3]]
    assert figure.data[0].z.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]
    assert ">3 (50%)<" in figure.data[0].text[2][1]
    assert figure.data[0].text[0][1] == ""
    assert [text.split("</span> ")[1] for text in figure.layout.xaxis.ticktext] == [
        "Layer 1",
        "Layer 2",
        "Domain 1",
    ]
    assert colours.layer_colours(["Layer1"], theme)["Layer1"] in figure.layout.yaxis.ticktext[0]
    assert figure.layout.paper_bgcolor == colours.STYLES[theme].paper


def test_streams_carry_every_spot_once_from_its_layer_to_its_cluster():
    (sankey,) = flow(LAYERS, MATCHING).data
    names = sankey.node.label
    streams = {
        (names[a], names[b]): n
        for a, b, n in zip(sankey.link.source, sankey.link.target, sankey.link.value, strict=True)
    }
    assert streams == {
        ("Layer 1", "Layer 1"): 6,
        ("Layer 2", "Layer 2"): 6,
        ("Not annotated", "Layer 2"): 3,
        ("Not annotated", "Domain 1"): 3,
    }
    assert sankey.node.color[0] == sankey.node.color[3]
    assert all(0 < index < 1 for index in sankey.node.y)


def test_along_the_depth_flat_layers_follow_each_other_without_mixing():
    middles, shares = shares_along(LATTICE[:, 0].astype(float), [LAYERS == "Layer2", LAYERS != "Layer2"], n_bins=3)
    assert middles.tolist() == [0.5, 2.5, 4.5]
    assert shares.tolist() == [[0, 1, 0], [1, 0, 1]]


def test_spots_of_equal_depth_stay_in_one_bin_however_many_bins_are_asked_for():
    middles, shares = shares_along(np.repeat([0.0, 1.0], 20), [np.arange(40) < 20], n_bins=40)
    assert (middles.tolist(), shares.tolist()) == ([0, 1], [[1, 0]])
    assert [array.tolist() for array in shares_along(np.zeros(5), [np.arange(5) < 2])] == [[0], [[0.4]]]


def test_the_profiles_add_up_to_one_in_matched_colours_from_zero_to_the_deepest_spot():
    figure = depth_profile(straight_depth(0.0), LAYERS, MATCHING)
    for panel in ("x", "x2"):
        parts = [trace for trace in figure.data if trace.xaxis == panel or (panel == "x" and trace.xaxis == "x1")]
        assert np.sum([trace.y for trace in parts], axis=0) == pytest.approx(1)
        assert (parts[0].x[0], parts[0].x[-1]) == (0, pytest.approx(5 * 86.6, rel=1e-3))
    predicted, annotated = figure.data[0], figure.data[3]
    assert (predicted.fillcolor, predicted.name, annotated.name) == (
        annotated.fillcolor,
        "Layer 1",
        "Layer 1",
    )
    assert figure.layout.height == 220


def test_the_profile_is_drawn_where_spots_lie_along_their_ways_and_says_the_unit():
    depth = LATTICE[:, 0].astype(float)  # rows are equally deep, and each is 50 more to walk than the one before
    along = np.array([0.0, 50, 150, 300, 500, 750])[LATTICE[:, 0]]
    figure = depth_profile(depth, LAYERS, MATCHING, positions_um=along, unit="units")
    assert (figure.data[0].x[0], figure.data[0].x[-1]) == (0, 750)
    assert set(np.round(figure.data[0].x, 6)) == {0, 50, 150, 300, 500, 750}
    assert figure.layout.xaxis.ticksuffix == " units"
    assert "units" in figure.data[0].hovertemplate
    assert depth_profile(depth, LAYERS, MATCHING).layout.xaxis.ticksuffix == " µm"


def test_where_spots_of_one_depth_lie_apart_their_mean_counts_and_distance_never_falls():
    found = distances(np.array([0.0, 1, 2, 3]), np.array([0.0, 100, 80, np.nan]))
    assert found.tolist() == [0, 100, 100, 100]


def test_without_an_annotation_the_predicted_profile_stands_alone():
    figure = depth_profile(straight_depth(0.3), None, match_domains(LABELS, None))
    assert len(figure.data) == 3
    assert figure.layout.xaxis.domain == (0, 1)


def test_a_spot_that_leaves_its_cluster_in_one_of_three_runs_keeps_its_label_in_two_thirds():
    moved = LABELS.copy()
    moved[0] = 0
    kept = kept_share([LABELS, (moved + 1) % 3, LABELS[:] * 1])
    assert kept[0] == pytest.approx(2 / 3)
    assert (kept[1:] == 1).all()


def test_runs_that_agree_up_to_their_numbers_agree_fully():
    assert agreement_with_others([LABELS, 2 - LABELS, LABELS]) == pytest.approx([1, 1, 1])


def test_repeats_show_a_dot_for_each_start_and_the_share_of_spots_that_never_moved():
    moved = LABELS.copy()
    moved[:9] = 2  # 2 is the heir of 1 with 6 of its spots, 0 keeps 6: 12 of 18
    runs = [made(0, ari=0.5, nmi=0.6), made(1, ari=0.1, nmi=0.2, labels=moved)]
    figure = repeats(SAMPLE, runs)
    dots = [trace for trace in figure.data if trace.customdata is not None]
    assert [list(trace.y) for trace in dots[:2]] == [[0.5, 0.1], [0.6, 0.2]]
    assert list(dots[0].customdata) == [0, 1]
    assert list(figure.layout.xaxis.ticktext) == ["ARI", "NMI", "Between starts"]
    assert any("67% always" in note.text for note in figure.layout.annotations)


def test_without_an_annotation_starts_are_held_against_each_other_alone():
    assert list(scores_of_starts([made(), made(1)])) == ["Between starts"]


def test_three_runs_stand_beside_the_annotation_with_their_scores_in_kept_colours():
    runs = [made(seed, labels=(LABELS + seed) % 3, ari=0.3, nmi=0.4) for seed in range(3)]
    figure = three_runs(SAMPLE, runs)
    headings = [note.text for note in figure.layout.annotations]
    assert [heading.split("</b>")[0] for heading in headings] == ["<b>Annotated", "<b>Seed 0", "<b>Seed 1", "<b>Seed 2"]
    assert "ARI 0.300, NMI 0.400" in headings[1]
    drawn = {
        panel: sorted((trace.name, trace.fillcolor) for trace in figure.data if trace.fill and trace.xaxis == panel)
        for panel in ("x2", "x3", "x4")
    }
    assert drawn["x2"] == drawn["x3"] == drawn["x4"]
    keys = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert keys == ["Layer 1", "Layer 2", "Not annotated", "Domain 2"]


def test_without_an_annotation_the_three_runs_stand_alone():
    bare = dataclasses.replace(SAMPLE, labels_true=None)
    headings = [note.text for note in three_runs(bare, [made(), made(1), made(2)]).layout.annotations]
    assert [heading.split("</b>")[0] for heading in headings] == ["<b>Seed 0", "<b>Seed 1", "<b>Seed 2"]


def test_small_maps_share_the_width_and_stay_inside_the_figure():
    maps = [small_maps.annotated(SAMPLE, "light")] * 5
    layout = small_maps.side_by_side(SAMPLE.coordinates, maps, n_columns=3).layout
    domains = [(layout[f"xaxis{n}"].domain, layout[f"yaxis{n}"].domain) for n in ("", 2, 3, 4, 5)]
    for x, y in domains:
        assert 0 <= x[0] < x[1] <= 1
        assert 0 <= y[0] < y[1] <= 1
    assert domains[3][0] == domains[0][0]
    assert domains[3][1][1] < domains[0][1][0]


def test_values_have_the_ends_of_the_scale_at_their_limits_and_one_colour_where_they_do_not_vary():
    shades = charts.scale_colours("light", 24)
    areas = small_maps.of_values("", "", np.arange(18.0), (0.0, 17.0), "light").areas
    assert (areas[0][1], areas[-1][1]) == (shades[0], shades[-1])
    assert sum(spots.sum() for _, _, spots in areas) == 18
    assert len(small_maps.of_values("", "", np.ones(18), (1.0, 1.0), "dark").areas) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_scale_of_values_goes_one_way_in_lightness_and_ends_exactly_at_one(theme):
    lightness = [sum(map(float, shade[4:-1].split(", "))) for shade in charts.scale_colours(theme, 50)]
    assert lightness == sorted(lightness, reverse=theme == "light")
    assert [charts.colour_scale(theme)[index][0] for index in (0, -1)] == [0.0, 1.0]


def test_the_bar_is_split_as_the_distance_is():
    figure = share_bar(Shares(0.25, 0.75))
    assert [trace.x[0] for trace in figure.data] == [0.25, 0.75]
    assert [note.text.split("</span> ")[1] for note in figure.layout.annotations] == [
        "Position 25.0%",
        "Expression 75.0%",
    ]


def test_kept_places_give_kept_colours():
    labels = np.array([3, 8])
    first = Matching(labels, {3: None, 8: None}, {3: 0, 8: 1})
    later = Matching(labels, {3: None, 8: None}, {3: 1, 8: 0})
    one, other = (charts.colours_of_clusters(matching, None, "light") for matching in (first, later))
    assert (one[3], one[8]) == (other[8], other[3])
