"""Predicted beside annotated: what is drawn where, and in which colour."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from core.depth import FoundDirection
from core.figures import tissue
from core.figures.colours import STYLES, layer_colours
from core.figures.comparison import predicted_and_annotated
from core.figures.training import loss_curve
from core.params import preset
from core.result import Result, Scores
from core.sample import Sample

LATTICE = np.array([(row, col) for row in range(6) for col in range(6) if (row + col) % 2 == 0])
LAYERS = np.array(["Layer1", "Layer2", "WM"])[LATTICE[:, 0] // 2]


def make_sample(**changes):
    parts = {"name": "slab", "expression": np.ones((len(LATTICE), 2)), "lattice": LATTICE, "labels_true": LAYERS}
    return Sample(**(parts | changes))


def make_result(**changes):
    parts: dict[str, Any] = {"sample_name": "slab", "labels": 2 - LATTICE[:, 0] // 2, "params": preset("paper")}
    return Result(**(parts | changes))


def areas(figure, panel):
    return {
        trace.name: trace.fillcolor for trace in figure.data if trace.fill and trace.xaxis == ("x", "x2")[panel - 1]
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_layer_found_again_has_one_colour_on_both_maps(theme):
    figure = predicted_and_annotated(make_sample(), make_result(), theme=theme)
    colours = layer_colours(["Layer1", "Layer2", "WM"], theme)
    expected = {"Layer 1": colours["Layer1"], "Layer 2": colours["Layer2"], "White matter": colours["WM"]}
    assert areas(figure, 1) == areas(figure, 2) == expected
    assert figure.layout.paper_bgcolor == STYLES[theme].paper


def test_maps_that_draw_a_part_of_the_spots_say_so(monkeypatch):
    titles = [note.text for note in predicted_and_annotated(make_sample(), make_result()).layout.annotations]
    assert not any("each square" in str(title) for title in titles)
    monkeypatch.setattr(tissue, "MOST_SQUARES", 6)  # of 18 spots
    titles = [note.text for note in predicted_and_annotated(make_sample(), make_result()).layout.annotations]
    assert sum("each square one of about 3 spots" in str(title) for title in titles) == 2


def test_a_cluster_too_many_has_a_colour_and_a_name_of_its_own():
    labels = 2 - LATTICE[:, 0] // 2
    labels[0] = 3
    figure = predicted_and_annotated(make_sample(), make_result(labels=labels))
    assert "Domain 1" in areas(figure, 1)
    assert areas(figure, 1)["Domain 1"] not in areas(figure, 2).values()


def test_the_maps_move_together_to_scale_with_y_down():
    layout = predicted_and_annotated(make_sample(), make_result()).layout
    assert (layout.xaxis2.matches, layout.yaxis2.matches) == ("x", "y")
    assert (layout.yaxis.scaleanchor, layout.yaxis.scaleratio) == ("x", 1)
    assert layout.yaxis.range[0] > layout.yaxis.range[1]


def test_the_legend_names_every_label_once_layers_first():
    labels = (2 - LATTICE[:, 0] // 2).copy()
    labels[:2] = 3
    figure = predicted_and_annotated(make_sample(), make_result(labels=labels))
    entries = sorted((t for t in figure.data if t.showlegend is not False), key=lambda trace: trace.legendrank)
    assert [trace.name for trace in entries] == ["Layer 1", "Layer 2", "White matter", "Domain 1"]


def test_the_pointer_learns_barcode_cluster_layer_and_place():
    barcodes = np.array([f"SPOT-{number}" for number in range(len(LATTICE))])
    figure = predicted_and_annotated(make_sample(barcodes=barcodes), make_result())
    for trace in [trace for trace in figure.data if trace.hovertemplate]:
        assert trace.text[0] == "SPOT-0"
        assert trace.hovertext[0] == "Layer 1<br>Annotated: Layer 1"
        assert trace.customdata[0].tolist() == LATTICE[0].tolist()


def test_spots_without_barcodes_are_called_by_their_row_number():
    figure = predicted_and_annotated(make_sample(), make_result())
    assert [trace.text[3] for trace in figure.data if trace.hovertemplate] == ["Spot 3", "Spot 3"]


def test_without_an_annotation_there_is_one_map_over_the_full_width():
    figure = predicted_and_annotated(make_sample(labels_true=None), make_result())
    assert figure.layout.xaxis.domain == (0, 1)
    assert areas(figure, 2) == {}
    assert len(set(areas(figure, 1).values())) == 3
    assert [note.text for note in figure.layout.annotations if "<b>" in note.text] == [
        "<b>Predicted</b>",
        "<b>slab</b>",
    ]


def test_synthetic_tissue_is_called_so_above_each_map():
    figure = predicted_and_annotated(make_sample(synthetic=True), make_result(), heading=False)
    assert sum("synthetic tissue" in note.text for note in figure.layout.annotations) == 2


def test_the_arrow_is_drawn_where_a_direction_was_used_only():
    found = make_result(direction=FoundDirection(angle=0.4, method="expression", support=0.6))
    assert [s.type for s in predicted_and_annotated(make_sample(), found).layout.shapes] == ["line", "path"]
    assert [s.type for s in predicted_and_annotated(make_sample(), make_result()).layout.shapes] == ["line"]


def test_the_heading_gives_name_and_scores():
    scored = dataclasses.replace(make_result(), scores=Scores(ari=0.5, nmi=0.25, ari_all=0.4, nmi_all=0.2))
    texts = [note.text for note in predicted_and_annotated(make_sample(), scored).layout.annotations]
    assert "<b>slab</b>   ARI 0.500   NMI 0.250" in texts


def test_losses_that_fall_far_are_drawn_on_a_logarithmic_axis():
    assert loss_curve([1e10, 1e4, 1e3]).layout.yaxis.type == "log"
    assert loss_curve([3.0, 2.0, 1.0]).layout.yaxis.type == "linear"
    assert loss_curve([2.0, 0.0]).layout.yaxis.type == "linear"


def test_while_training_goes_on_the_axis_reaches_to_the_last_epoch():
    assert loss_curve([3.0], n_epochs=40).layout.xaxis.range == (0.5, 40.5)
    assert list(loss_curve([3.0, 2.0]).data[0].x) == [1, 2]
