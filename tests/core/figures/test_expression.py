import numpy as np
import pytest

from core.figures import expression
from core.figures.expression import expression_space
from core.figures.nested import Named

AT = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]])
LABELS = np.array([1, 0, 1, 0])
DOMAINS = {1: Named("Layer 1", "#EFBD47"), 0: Named("<b>x</b>", "#A1204D")}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_domain_has_its_spots_in_its_colour(theme):
    figure = expression_space(AT, LABELS, DOMAINS, ("Factor 1", "Factor 2"), theme=theme)
    assert [(trace.name, trace.marker.color, list(trace.customdata)) for trace in figure.data] == [
        ("Layer 1", "#EFBD47", [0, 2]),
        ("&lt;b&gt;x&lt;/b&gt;", "#A1204D", [1, 3]),
    ]
    assert list(figure.data[1].x) == [2, 6]
    assert list(figure.data[1].y) == [3, 7]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Factor 1", "Factor 2")


def test_spots_that_are_not_lit_are_grey_and_below():
    figure = expression_space(AT, LABELS, DOMAINS, ("a", "b"), lit=np.array([2, 3]))
    assert [list(trace.customdata) for trace in figure.data] == [[0, 1], [2], [3]]
    assert figure.data[0].marker.color not in {item.colour for item in DOMAINS.values()}
    assert figure.data[0].marker.opacity < figure.data[1].marker.opacity


def test_a_domain_none_of_whose_spots_are_lit_has_no_trace():
    figure = expression_space(AT, LABELS, DOMAINS, ("a", "b"), lit=np.array([0]))
    assert [trace.name for trace in figure.data] == ["Not selected", "Layer 1"]


def test_of_very_many_spots_an_even_choice_is_drawn_under_their_own_numbers(monkeypatch):
    monkeypatch.setattr(expression, "MOST_POINTS", 3)
    at = np.arange(14.0).reshape(7, 2)
    figure = expression_space(at, np.array([1, 0, 0, 1, 0, 0, 0]), DOMAINS, ("a", "b"))
    assert [list(trace.customdata) for trace in figure.data] == [[0, 3], [6]]
    assert [list(trace.x) for trace in figure.data] == [[0, 6], [12]]
