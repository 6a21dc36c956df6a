import numpy as np
import pytest

from core.coordinates import on_lattice
from core.evaluation.matching import match_domains
from core.figures.confidence import confidence_map
from core.figures.how_many import how_many
from core.method.how_many import AtNumber, Curve

POINTS = tuple(
    AtNumber(n_clusters=k, stability=0.9 - k / 100, agreement=0.8, chaos=0.05, pas=0.02, smallest_share=0.1)
    for k in range(2, 6)
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_curve_shows_every_number_and_marks_the_suggested_one(theme):
    figure = how_many(Curve(points=POINTS, n_starts=4, suggested=3, reason="3: so."), shown=4, theme=theme)
    assert {tuple(line.x) for line in figure.data} == {(2, 3, 4, 5)}
    assert [shape.x0 for shape in figure.layout.shapes] == [3, 3]
    assert "<b>4</b>" in figure.layout.xaxis.ticktext


def test_without_a_suggestion_nothing_is_marked():
    assert not how_many(Curve(points=POINTS, n_starts=4, suggested=None, reason="None.")).layout.shapes


def test_the_bars_of_confidence_are_means_over_each_domain():
    coordinates = on_lattice(np.array([[0, 0], [0, 2], [0, 4], [0, 6]]))
    matching = match_domains(np.array([0, 0, 1, 1]), None)
    figure = confidence_map(coordinates, np.array([1.0, 0.5, 0.25, 0.75]), matching, None)
    bars = next(trace for trace in figure.data if trace.type == "bar")
    assert list(bars.x) == [0.75, 0.5]
    assert "25% always" in figure.layout.annotations[1].text
