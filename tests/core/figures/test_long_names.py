"""A long name of a layer leaves room for the chart: beside it stands its beginning, and the pointer tells all of it."""

import numpy as np

from core.evaluation.matching import match_domains
from core.figures.confusion import confusion
from core.figures.flow import flow
from core.figures.layers import spots_per_layer

LONG = "Molecular layer of the dorsolateral prefrontal cortex, sublamina one"
TRUTH = np.repeat([LONG, "WM"], 20)
FOUND = match_domains(np.repeat([0, 1], 20), TRUTH)


def written(axis):
    return [text.split("</span> ")[-1].strip() for text in axis.ticktext]


def test_the_bars_of_layers_have_short_names_beside_them():
    figure = spots_per_layer({LONG: 20, "WM": 20}, [LONG, "WM"])
    assert written(figure.layout.yaxis) == ["White matter", "Molecular layer of the dors…"]
    assert list(figure.layout.yaxis.tickvals) == list(figure.data[0].y) == ["White matter", LONG]


def test_the_table_of_layers_and_domains_has_short_names_and_tells_the_whole():
    figure = confusion(TRUTH, FOUND)
    assert "Molecular layer of the dors…" in written(figure.layout.yaxis)
    assert "Molecular layer…" in written(figure.layout.xaxis)
    assert [20, f"{LONG} in {LONG}"] in [list(cell) for row in figure.data[0].customdata for cell in row]


def test_streams_have_short_names_and_tell_the_whole():
    [drawn] = flow(TRUTH, FOUND).data
    assert sorted(set(drawn.node.label)) == ["Molecular layer of the dors…", "White matter"]
    assert set(drawn.node.customdata) == {LONG, "White matter"}
    assert f"{LONG} in {LONG}" in drawn.link.customdata
