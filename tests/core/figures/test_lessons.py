"""The paper's figures on tissue small enough to count by hand."""

import dataclasses

import numpy as np

from core.depth import FoundDirection
from core.evaluation.share import Shares
from core.figures.lessons import direction_figure, pooling_figure, weights_figure
from core.params import preset
from core.result import Result, Scores
from core.sample import Sample

LATTICE = np.array([(row, col) for row in range(6) for col in range(6) if (row + col) % 2 == 0])
LAYERS = np.array(["Layer1", "Layer2", "WM"])[LATTICE[:, 0] // 2]
SAMPLE = Sample(name="slab", expression=np.ones((18, 2)), lattice=LATTICE, labels_true=LAYERS)


def made(labels=LATTICE[:, 0] // 2, x_weight=1.0, **changes):
    params = preset("paper")
    params = dataclasses.replace(params, clustering=dataclasses.replace(params.clustering, x_weight=x_weight))
    parts = {"sample_name": "slab", "labels": labels, "params": params, "scores": Scores(ari=0.5, nmi=0.25)}
    return Result(**(parts | changes))


def headings(figure):
    return [note.text.split("</b>")[0].removeprefix("<b>") for note in figure.layout.annotations]


def areas(figure, panel):
    return {trace.name: trace.fillcolor for trace in figure.data if trace.fill and trace.xaxis == panel}


def test_a_gene_and_the_clusters_are_shown_before_and_after_pooling():
    counts = np.arange(18.0), np.full(18, 3.0)
    figure = pooling_figure(SAMPLE, "MBP", counts, (made(), made(2 - LATTICE[:, 0] // 2)), theme="light")
    assert headings(figure) == ["MBP, counted", "MBP, pooled", "Clusters, unpooled", "Clusters, pooled"]
    assert "0 to 16.8" in figure.layout.annotations[0].text
    assert areas(figure, "x3") == areas(figure, "x4")


def test_weights_stand_in_order_with_the_share_of_expression():
    runs = [made(x_weight=weight) for weight in (0.5, 2.0)]
    figure = weights_figure(SAMPLE, runs, [Shares(0.75, 0.25), Shares(0.00001, 0.99999)], theme="dark")
    assert headings(figure) == ["X weight 0.5", "X weight 2"]
    assert "ARI 0.500, X 25.0%" in figure.layout.annotations[0].text
    assert "over 99.9%" in figure.layout.annotations[1].text


def test_the_arrow_stands_on_the_map_with_a_direction_alone():
    along = made(direction=FoundDirection(angle=0.4, method="manual"))
    figure = direction_figure(SAMPLE, (made(), along), theme="light")
    assert headings(figure) == ["Without direction", "With direction", "Annotated"]
    assert [(shape.type, shape.xref) for shape in figure.layout.shapes] == [("path", "x2")]


def test_without_an_annotation_nothing_is_scored_and_colours_are_kept_all_the_same():
    bare = dataclasses.replace(SAMPLE, labels_true=None)
    runs = made(scores=Scores()), made(2 - LATTICE[:, 0] // 2, scores=Scores())
    figure = direction_figure(bare, runs, theme="light")
    assert headings(figure) == ["Without direction", "With direction"]
    assert sorted(areas(figure, "x").values()) == sorted(areas(figure, "x2").values())
    assert areas(figure, "x") == areas(figure, "x2")
