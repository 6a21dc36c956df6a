"""Whatever people and files call things, figures draw it as text: no markup, no link, no formula, no field is read in it."""

import dataclasses
import json
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest

from core.depth import FoundDirection
from core.evaluation.markers import find_markers
from core.evaluation.matching import domains_of
from core.figures import layers, metadata, small_maps
from core.figures.comparison import predicted_and_annotated
from core.figures.confusion import confusion
from core.figures.depth import depth_profile
from core.figures.expression import expression_space
from core.figures.flow import flow
from core.figures.markers import dot_plot
from core.figures.nested import Named
from core.figures.origin import of_run, of_several, with_footer
from core.figures.repeats import repeats
from core.figures.runs import agreement_of_runs, maps_of_runs, scores_by_layer
from core.figures.sections import sections_figure
from core.figures.three_runs import three_runs
from core.params import preset
from core.result import Result, Scores
from core.sample import Sample
from core.text import in_figure, printable
from tests.named_tissue import named_sample

HOSTILE = '<b>x</b><a href="javascript:alert(1)">y</a> $z^2$ %{x}\x1b[2J\u202e<img src=x onerror=alert(1)>'
READ_AS_MORE = ("<b>x</b>", "<a href", "<img", "$z^2$", "%{x}\x1b", "%{x}?", "\x1b", "\u202e")


def hostile(of: str) -> str:
    return f"{of} {HOSTILE}"


@pytest.fixture
def sample() -> Sample:
    """A sample whose layers, genes and name are hostile."""
    plain = named_sample(hostile("sample"))
    return dataclasses.replace(
        plain,
        labels_true=np.array([hostile(layer) for layer in plain.labels_true.tolist()]),
        gene_names=np.array([hostile(gene) for gene in plain.gene_names.tolist()]),
    )


def made(sample: Sample) -> Result:
    labels = np.unique(sample.labels_true, return_inverse=True)[1]
    params = preset("paper", n_clusters=3)
    return Result(
        sample_name=sample.name, labels=labels, params=params, scores=Scores(ari=0.5, nmi=0.5), confidence=np.ones(len(labels)),
        direction=FoundDirection(angle=0.3, method="manual"),
    )  # fmt: skip


def figures(sample: Sample) -> Iterator[tuple[str, go.Figure]]:
    run = made(sample)
    truth, found = sample.labels_true, domains_of(sample, run.labels).named({0: hostile("domain")})
    names = [hostile("one"), hostile("two")]
    markers = find_markers(sample.expression, run.labels, sample.gene_names)
    yield "comparison", predicted_and_annotated(sample, run, found)
    yield "confusion", confusion(truth, found)
    yield "flow", flow(truth, found)
    yield "depth", depth_profile(run.direction.depth_um(sample.coordinates), truth, found)
    yield "markers", dot_plot(markers, found, truth)
    yield "layers", layers.spots_per_layer({}, sample.layer_names)
    yield "runs", maps_of_runs(sample, names, [run, run], [found, found])
    yield "agreement", agreement_of_runs(names, np.ones((2, 2)))
    yield "by layer", scores_by_layer(truth, names, [found, found])
    yield "three", three_runs(sample, [run, run, run])
    yield "repeats", repeats(sample, [run, run])
    yield "sections", sections_figure([sample], {sample.name: run})
    yield (
        "small map",
        small_maps.side_by_side(
            sample.coordinates, [small_maps.of_values(names[0], "", np.arange(float(sample.n_spots)), (0, 1), "light")]
        ),
    )
    yield (
        "expression",
        expression_space(np.zeros((sample.n_spots, 2)), run.labels, {0: Named(names[0], "#112233")}, ("a", "b")),
    )
    yield "origin", with_footer(go.Figure(), of_run(sample.name, run.params))
    yield "origin of several", with_footer(go.Figure(), of_several(sample.name, names[0]))


def texts(of: object) -> Iterator[str]:
    if isinstance(of, dict):
        for key, value in of.items():
            if key != "legendgroup":  # joins traces, and is never drawn
                yield from texts(value)
    elif isinstance(of, list):
        for value in of:
            yield from texts(value)
    elif isinstance(of, str):
        yield of


def test_no_name_is_read_as_more_than_text_in_any_figure(sample):
    for kind, figure in figures(sample):
        for text in texts(json.loads(figure.to_json())):
            assert not [sign for sign in READ_AS_MORE if sign in text], (kind, text)


def test_text_for_figures_stays_the_text_that_people_gave():
    import html

    assert html.unescape(in_figure(HOSTILE)) == printable(HOSTILE)
    assert in_figure("Layer 2/3 & 4") == "Layer 2/3 &amp; 4"


def test_what_is_known_of_a_figure_keeps_its_file_whole():
    facts = {"Sample": hostile("sample")}
    ElementTree.fromstring(metadata.in_svg('<svg xmlns="http://www.w3.org/2000/svg"></svg>', facts))  # noqa: S314 - made here
