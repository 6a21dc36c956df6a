"""What a newcomer would want to sweep."""

import pytest

from core import knobs
from core.params import PRESETS, preset, replaced
from core.work.sweep.suggestions import relevant, search_range, values
from core.work.sweep.varied import Axis

KINDS = knobs.declared(("embedding", "kind")).metadata["choices"]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_knob_that_takes_part_has_values_and_a_range_inside_its_limits(name, kind):
    params = replaced(preset(name, n_clusters=7), ("embedding", "kind"), kind)
    for knob in relevant(params):
        axis = Axis(knob=knob, values=values(knob, params))
        assert knobs.value_at(params, axis.knob_path) in axis.values
        assert search_range(knob, params).knob == knob


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_scales_near_a_limit_are_suggested_inside_it(scale):
    params = replaced(preset("paper"), ("pooling", "scale"), scale)
    assert scale in Axis(knob="scale", values=values("scale", params)).values
    assert search_range("scale", params).low < search_range("scale", params).high


def test_what_is_turned_most_often_comes_first():
    assert relevant(preset("paper"))[:6] == ["window", "scale", "x_weight", "n_clusters", "refinement", "direction"]
    assert relevant(preset("recommended"))[-2:] == ["read_out", "seed"]
