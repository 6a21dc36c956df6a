"""The volcano and the violins: what is drawn where, and which genes are named."""

import numpy as np
import pytest

from core.evaluation.differential import Differential, Group, find_differential
from core.figures.colours import STYLES
from core.figures.differential import violins, volcano

LABELS = np.repeat([0, 1], [40, 60])
RANDOM = np.random.default_rng(1)
COUNTS = RANDOM.poisson(4, (100, 30))
COUNTS[LABELS == 0, 3] += 20
COUNTS[LABELS == 1, 5] += 20
COUNTS[LABELS == 1, 8] = 0
COUNTS[:, 9] = 0
NAMES = np.array([*(f"G{number}" for number in range(29)), "<b>bold</b>"])


@pytest.fixture(scope="module")
def found() -> Differential:
    return find_differential(COUNTS, Group("upper", LABELS == 0), None, NAMES)


def dots(figure):
    """Give x, y, colour and the rest by gene."""
    return {facts[0]: (x, y, trace.marker.color, facts) for trace in figure.data for x, y, facts in
            zip(trace.x, trace.y, trace.customdata, strict=True)}  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_gene_has_a_dot_at_its_fold_and_p_and_those_beyond_both_limits_the_colour_of_their_side(found, theme):
    drawn = dots(volcano(found, ("upper", "the rest"), theme=theme))
    assert len(drawn) == 30
    x, y, colour, facts = drawn["G3"]
    assert x == pytest.approx(found.log2_fold_change[3])
    assert 10.0**-y == pytest.approx(found.p_adjusted[3])
    assert colour == STYLES[theme].accent
    assert tuple(facts[3:5]) == (1.0, found.share_against[3])
    assert drawn["G5"][2] not in (STYLES[theme].accent, STYLES[theme].muted)
    assert drawn["G9"][:3] == (0, 0, STYLES[theme].muted)
    assert drawn["G0"][2] == STYLES[theme].muted


def test_a_gene_that_one_side_lacks_lies_at_the_largest_fold_of_the_others_and_says_its_own(found):
    x, _, _, facts = dots(volcano(found, ("upper", "the rest")))["G8"]
    assert found.log2_fold_change[8] > 20
    assert facts[1] == found.log2_fold_change[8]
    assert x == pytest.approx(np.abs(found.log2_fold_change[[3, 5]]).max())


def test_genes_that_differ_are_named_and_names_never_cover_each_other(found):
    figure = volcano(found, ("upper", "the rest"))
    named = {note.text for note in figure.layout.annotations}
    assert {"G3", "G5", "G8"} <= named
    assert "G0" not in named


def test_names_from_outside_are_plain_text_in_hover_legend_and_axis(found):
    figure = volcano(found, ("<i>x</i>", "the rest"))
    assert "&lt;b&gt;bold&lt;/b&gt;" in dots(figure)
    assert figure.data[1].name == "More in &lt;i&gt;x&lt;/i&gt; (2)"
    assert "<i>" not in figure.layout.xaxis.title.text


def test_p_of_zero_is_drawn_at_300(found):
    zero = Differential(sizes=(2, 2), **{name: np.array([value]) for name, value in {
        "genes": "A", "score": 40.0, "log2_fold_change": 3.0, "p_adjusted": 0.0, "share": 1.0, "share_against": 0.5, "mean": 2.0,
        "mean_against": 0.1}.items()})  # fmt: skip
    assert dots(volcano(zero, ("a", "b")))["A"][1] == 300


def test_violins_stand_in_the_order_and_colours_given_and_say_median_and_quartiles():
    values = np.concatenate([np.arange(40.0), np.zeros(60)])
    figure = violins(
        {"PCP4": values, "<b>": values}, 2 * LABELS, ("Layer 1", "empty", "WM"), ("#111111", "#222222", "#333333")
    )
    assert [trace.fillcolor for trace in figure.data if trace.type == "violin"] == ["#111111", "#333333"] * 2
    middle = next(trace for trace in figure.data if trace.type == "scatter")
    assert middle.y == (19.5,)
    assert tuple(middle.customdata[0][2:]) == (9.75, 29.25, 39 / 40, 40)
    assert figure.layout.yaxis2.title.text == "&lt;b&gt;"


def test_a_violin_of_many_spots_sends_their_quantiles_alone():
    values = RANDOM.gamma(2, size=20_000)
    figure = violins({"A": values}, np.zeros(20_000, dtype=int), ("all",), ("#111111",))
    sent = np.asarray(figure.data[0].y)
    assert len(sent) == 500
    assert (sent.min(), np.median(sent), sent.max()) == pytest.approx(
        (values.min(), np.median(values), values.max()), rel=1e-2
    )
