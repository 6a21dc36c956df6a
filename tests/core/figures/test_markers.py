"""The dot plot of marker genes, on counts small enough to know the answer."""

import numpy as np
import pytest

from core.evaluation.markers import find_markers
from core.evaluation.matching import match_domains
from core.figures import colours
from core.figures.markers import MAX_GENES, dot_plot, leading_genes

LABELS = np.repeat([0, 1, 2], 8)
LAYERS = np.repeat(["WM", "Layer1", "Layer2"], 8)
COUNTS = np.full((24, 6), 4)
for cluster in range(3):
    COUNTS[cluster == LABELS, cluster] = 40
COUNTS[:, 3] = [0, 4] * 12
NAMES = np.array(["MBP", "RELN", "CUX2", "HALF", "E", "F"])
MARKERS = find_markers(COUNTS, LABELS, NAMES)
MATCHING = match_domains(LABELS, LAYERS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_rows_are_the_domains_in_the_order_and_colours_of_their_layers_and_columns_their_leading_genes(theme):
    figure = dot_plot(MARKERS, MATCHING, LAYERS, n_genes=1, theme=theme)
    rows = figure.layout.yaxis.ticktext
    assert [text.split("</span> ")[1].strip() for text in rows] == [
        "Layer 1",
        "Layer 2",
        "White matter",
    ]
    shades = colours.layer_colours(["Layer1", "Layer2", "WM"], theme)
    assert [shade in text for shade, text in zip(shades.values(), rows, strict=True)] == [True] * 3
    assert list(figure.layout.xaxis.ticktext) == ["RELN", "CUX2", "MBP"]
    assert figure.layout.paper_bgcolor == colours.STYLES[theme].paper


def test_colours_run_from_the_domain_with_the_least_to_that_with_the_most_and_areas_are_shares():
    figure = dot_plot(MARKERS, MATCHING, LAYERS, n_genes=6)
    dots = figure.data[0]
    shade = {
        (fact[0], fact[1].split(" (")[0]): colour
        for fact, colour in zip(dots.customdata, dots.marker.color, strict=True)
    }
    size = {fact[0]: size for fact, size in zip(dots.customdata, dots.marker.size, strict=True)}
    assert shade["RELN", "Layer 1"] == 1
    assert min(shade["RELN", name] for name in ("White matter", "Layer 2")) == 0
    assert size["HALF"] ** 2 == pytest.approx(size["MBP"] ** 2 / 2)
    assert (dots.marker.cmin, dots.marker.cmax) == (0, 1)
    assert dots.marker.colorscale[-1][0] == 1.0


def test_a_gene_that_leads_twice_has_one_column_and_many_domains_share_the_width():
    chosen = leading_genes(MARKERS, [0, 1, 2], 6)
    assert len(chosen) == len({gene for _, gene in chosen}) == 6
    labels = np.arange(120) % 60
    many = find_markers(np.random.default_rng(0).poisson(3, (120, 80)), labels)
    assert len(leading_genes(many, list(range(60)), 5)) <= 60
    assert len(leading_genes(many, list(range(20)), 5)) <= MAX_GENES


def test_domains_that_could_not_be_tested_have_no_row():
    labels = LABELS.copy()
    labels[0] = 7
    figure = dot_plot(find_markers(COUNTS, labels, NAMES), match_domains(labels, LAYERS), LAYERS)
    assert len(figure.layout.yaxis.ticktext) == 3


def test_without_an_annotation_domains_are_clusters():
    figure = dot_plot(MARKERS, match_domains(LABELS, None), None)
    assert figure.layout.yaxis.ticktext[0].endswith("Domain 1  ")
