"""Advice on tissue made so that its numbers are known."""

import dataclasses

import numpy as np
import pytest

from core.coordinates import off_lattice, on_lattice
from core.depth import Bend, FoundDirection
from core.evaluation import advice
from core.evaluation.share import Shares
from core.evaluation.window import in_strips_um, window_um
from core.params import ClusteringParams, MethodParams, PoolingParams, preset, replaced
from core.result import AutoencoderReport, Result, Scores

LATTICE = np.array([(row, col) for row in range(24) for col in range(48) if (row + col) % 2 == 0])
LAYERS = np.array(["Layer1"] * 2 + ["Layer2"] * 6 + ["WM"] * 16)[LATTICE[:, 0]]


VISIUM = on_lattice(LATTICE)


def made(window=2, n_clusters=3, **changes):
    params = MethodParams(pooling=PoolingParams(window=window), clustering=ClusteringParams(n_clusters=n_clusters))
    labels = np.unique(LAYERS, return_inverse=True)[1]
    across = FoundDirection(angle=0.0, method="manual")
    result = Result(sample_name="slab", labels=labels, params=params, direction=across)
    return dataclasses.replace(result, **changes)


def kinds(result, labels_true=LAYERS, shares=None):
    return [item.kind for item in advice.advise(result, VISIUM, labels_true, shares)]


def test_flat_layers_are_as_thick_as_their_rows():
    thick = in_strips_um(VISIUM, LAYERS, 0.0)
    for layer, n_rows in (("Layer1", 2), ("Layer2", 6), ("WM", 16)):
        assert thick[layer] == pytest.approx(n_rows * 86.6, rel=0.01)


def test_a_slanted_layer_is_no_thicker_than_a_flat_one():
    slanted = (LATTICE[:, 0] + LATTICE[:, 1] // 6) // 4
    thick = in_strips_um(VISIUM, slanted, 0.0)
    assert np.median(list(thick.values())) == pytest.approx(4 * 86.6, rel=0.15)


@pytest.mark.parametrize("side_um", [300.0, 3000.0])
def test_layers_of_cells_are_as_thick_as_they_were_drawn_whatever_the_size_of_a_cell(side_um):
    cells = np.random.default_rng(0).uniform(0, side_um, (4000, 2))
    layers = np.array(["Layer1", "Layer2", "WM"])[np.searchsorted([0.2, 0.5], cells[:, 0] / side_um)]
    thick = in_strips_um(off_lattice(cells), layers, 0.0)
    for layer, share in (("Layer1", 0.2), ("Layer2", 0.3), ("WM", 0.5)):
        assert thick[layer] == pytest.approx(share * side_um, rel=0.1)


def test_the_window_is_a_rectangle_wider_along_rows_than_along_columns():
    assert window_um(6, 0.0, VISIUM.unit_um) == pytest.approx(11 * 86.6, rel=1e-3)
    assert window_um(6, np.pi / 2, VISIUM.unit_um) == pytest.approx(11 * 50.0)


def test_a_window_wider_than_the_thinnest_layer_is_told_with_both_lengths():
    assert kinds(made(window=1)) == []
    (found,) = advice.advise(made(window=2), VISIUM, LAYERS, None)
    assert found.kind == "window"
    assert "260 µm" in found.sentence
    assert "Layer 1 is about 173 µm" in found.sentence
    (found,) = advice.advise(made(window=8), dataclasses.replace(VISIUM, unit_known=False), LAYERS, None)
    assert "1,299 units of depth, but Layer 1 is about 173 units thick" in found.sentence


def test_without_an_annotation_the_clusters_are_measured_and_without_direction_nothing():
    (found,) = advice.advise(made(), VISIUM, None, None)
    assert "cluster 0 is about 173 µm" in found.sentence
    (found,) = advice.advise(made(), VISIUM, None, None, {0: "Tumour"})
    assert "Tumour is about 173 µm" in found.sentence
    assert kinds(made(direction=None)) == []


def test_more_clusters_than_layers_and_the_unannotated_are_told():
    labels = np.arange(len(LATTICE)) % 5
    assert kinds(made(window=1, n_clusters=4, labels=labels % 4)) == []
    assert kinds(made(window=1, n_clusters=5, labels=labels)) == ["clusters"]
    assert kinds(made(window=1, n_clusters=5, labels=labels), labels_true=None) == []
    nothing = np.full(len(LATTICE), "NA")
    assert kinds(made(window=1, n_clusters=5, labels=labels), labels_true=nothing) == []


def test_clusters_without_spots_are_counted():
    (found,) = advice.advise(made(window=1, n_clusters=4), VISIUM, LAYERS, None)
    assert found.kind == "empty"
    assert "4 clusters were asked for, but only 3" in found.sentence
    assert "distinct spots" in found.sentence


@pytest.mark.parametrize(("stability", "told"), [(0.49, True), (0.6, False), (None, False)])
def test_mixtures_that_hardly_agree_are_told_and_one_fit_alone_is_not(stability, told):
    result = made(window=1, scores=Scores(stability=stability))
    assert kinds(result) == ["unsteady"] * told


def test_the_way_out_of_clusters_without_spots_names_knobs_that_the_run_has():
    usual = made(window=1, n_clusters=4)
    recommended = preset("recommended", n_clusters=4)
    for rounds, way in ((0, "keep more components"), (1, "turn refinement down")):
        params = replaced(recommended, ("refinement", "rounds"), rounds)
        (found,) = advice.advise(dataclasses.replace(usual, params=params), VISIUM, LAYERS, None)
        assert way in found.sentence
        assert "weight" not in found.sentence


def test_a_dead_autoencoder_is_told_and_a_living_one_is_not():
    dead, alive = AutoencoderReport(explained_variance=-15.0), AutoencoderReport(explained_variance=0.3)
    assert kinds(made(window=1, autoencoder=dead)) == ["autoencoder"]
    assert kinds(made(window=1, autoencoder=alive)) == []


@pytest.mark.parametrize(("position", "kind"), [(0.99, "position"), (0.01, "expression")])
def test_whichever_part_drowns_the_other_is_told_with_the_weight_that_balances(position, kind):
    (found,) = advice.drowned(Shares(position, 1 - position), x_weight=1.0)
    assert found.kind == kind
    assert "99.0%" in found.sentence
    assert f"X weight of {(position / (1 - position)) ** 0.5:.2g}" in found.sentence


def test_balanced_shares_need_no_advice():
    assert kinds(made(window=1), shares=Shares(0.4, 0.6)) == []


def test_a_share_just_below_all_is_not_called_all():
    (found,) = advice.drowned(Shares(0.00001, 0.99999), x_weight=1.0)
    assert "over 99.9%" in found.sentence


def test_an_x_weight_that_was_turned_without_a_depth_to_weigh_is_told():
    straight = Bend(centre_um=(0.0, 0.0), scale_um=1.0, coefficients=(0.0, 1.0))
    bent = dataclasses.replace(preset("recommended"), clustering=ClusteringParams(read_out="mixture", x_weight=2.0))
    too_little, enough = (
        FoundDirection(angle=0.0, method="bending", support=share, bend=straight) for share in (0.45, 0.8)
    )
    assert "weight" in kinds(made(params=bent, direction=too_little))
    assert "weight" not in kinds(made(params=bent, direction=enough))
    assert "weight" not in kinds(made(params=preset("recommended"), direction=too_little))
