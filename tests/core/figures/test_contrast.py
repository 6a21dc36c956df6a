"""Dots and bars can be seen on the page in every colour that a domain may have."""

import numpy as np
import pytest

from core.figures.colours import STYLES
from core.figures.contrast import rim
from core.figures.expression import expression_space
from core.figures.layers import spots_per_layer
from core.figures.nested import Named
from tests.core.figures.test_colours import contrast, palette

THEMES = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
def test_a_line_has_3_to_1_with_the_page_and_is_the_colour_itself_where_that_has(theme):
    paper = STYLES[theme].paper
    for colour in [*palette(theme), "#FFFFFF", "#000000", "#808080"]:
        assert contrast(rim(colour, theme), paper) >= 3
        if contrast(colour, paper) >= 3:
            assert rim(colour, theme) == colour


def test_a_pale_domain_keeps_its_colour_within_a_darker_line():
    at, labels = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1])
    domains = {0: Named("Layer 1", "#EFBD47"), 1: Named("Layer 4", "#4E2B7B")}
    pale, dark = (trace.marker for trace in expression_space(at, labels, domains, ("a", "b"), theme="light").data)
    assert (pale.color, dark.color, dark.line.color) == ("#EFBD47", "#4E2B7B", "#4E2B7B")
    assert contrast(pale.line.color, "#FFFFFF") >= 3


def test_a_pale_bar_has_a_line_and_a_dark_one_none_of_another_colour():
    marker = spots_per_layer({"Layer1": 3, "Layer4": 2}, ["Layer1", "Layer4"]).data[0].marker
    lines = dict(zip(marker.color, marker.line.color, strict=True))
    assert contrast(lines["#EFBD47"], "#FFFFFF") >= 3
    assert lines["#4E2B7B"] == "#4E2B7B"
