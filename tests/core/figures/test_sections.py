import dataclasses

import numpy as np

from core.figures import tissue
from core.figures.colours import layer_colours
from core.figures.sections import match_together, sections_figure
from core.params import MethodParams
from core.result import Result, Scores
from tests.named_tissue import named_sample


def results(samples, labels_of):
    return {
        sample.name: Result(
            sample_name=sample.name, labels=labels_of(sample), params=MethodParams(), scores=Scores(ari=0.5, nmi=0.5)
        )
        for sample in samples
    }


def true_places(sample):
    """Label 2 for the first layer, 1 and 0 for those below."""
    return 2 - sample.lattice[:, 0] * 3 // (sample.lattice[:, 0].max() + 1)


def headings(figure):
    return " ".join(note.text for note in figure.layout.annotations)


def test_small_maps_that_draw_a_part_of_the_spots_say_so(monkeypatch):
    sample = named_sample("one")
    assert "each square" not in headings(sections_figure([sample], results([sample], true_places)))
    monkeypatch.setattr(tissue, "MOST_SQUARES", sample.n_spots // 2)
    said = headings(sections_figure([sample], results([sample], true_places)))
    assert said.count("each square one of about 2 spots") == 2  # predicted and annotated


def test_a_label_has_one_colour_in_all_sections_that_of_its_layer():
    samples = [named_sample("one"), named_sample("two", 20)]
    figure = sections_figure(samples, results(samples, true_places))
    shade = layer_colours(["Layer1", "Layer2", "Layer3", "NA"], "light")["Layer1"]
    drawn = [
        trace.xaxis
        for trace in figure.data
        if trace.name == "Layer 1" and trace.fillcolor == shade and trace.showlegend is not True
    ]
    assert len(set(drawn)) == 4  # predicted and annotated, of two sections
    assert "<b>one</b>" in headings(figure)
    assert "predicted, ARI 0.500" in headings(figure)


def test_clusters_are_matched_over_all_sections_at_once():
    # Alone, the second section would call its lone label Layer 1; together, label 0 is Layer 3.
    samples = [named_sample("one"), named_sample("two")]
    found = results(samples, true_places)
    found["two"] = dataclasses.replace(found["two"], labels=np.zeros(samples[1].n_spots, dtype=int))
    assert match_together(samples, found).layers == {0: "Layer3", 1: "Layer2", 2: "Layer1"}


def test_sections_of_different_size_are_drawn_on_one_scale():
    samples = [named_sample("one"), named_sample("two", 40)]
    figure = sections_figure(samples, None)
    widths = {axis.range[1] - axis.range[0] for axis in figure.select_xaxes()}
    heights = {round(axis.range[0] - axis.range[1], 6) for axis in figure.select_yaxes()}
    assert len({round(width, 6) for width in widths}) == 1
    assert len(heights) == 1


def test_a_section_without_an_annotation_stands_beside_annotated_ones():
    samples = [named_sample("one", annotated=False), named_sample("two")]
    text = headings(sections_figure(samples, results(samples, true_places)))
    assert "without an annotation" in text
    bare = [named_sample("one", annotated=False), named_sample("two", 20, annotated=False)]
    assert len(match_together(bare, results(bare, true_places)).layers) == 3
    assert "without an annotation" in headings(sections_figure(bare, None))
