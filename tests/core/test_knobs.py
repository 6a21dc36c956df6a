"""Knobs by their short names."""

import pytest

from core import knobs
from core.errors import ParameterError
from core.params import PRESETS, preset


def test_every_name_leads_back_to_its_knob_and_no_two_knobs_share_one():
    assert len(set(knobs.names().values())) == len(knobs.names())
    for address, name in knobs.names().items():
        assert knobs.address_of(name) == address
        assert knobs.address_of(name.replace("_", "-")) == address


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_written_flat_are_read_back_as_they_were(name):
    assert knobs.from_flat(knobs.as_flat(preset(name, n_clusters=5))) == preset(name, n_clusters=5)


@pytest.mark.parametrize(
    ("name", "text", "value"), [("window", "6", 6), ("x-weight", "0.5", 0.5), ("read_out", "mixture", "mixture")]
)
def test_values_are_read_as_a_person_writes_them(name, text, value):
    read = knobs.read_value(knobs.address_of(name), text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"), [("window", "0"), ("window", "2.5"), ("x_weight", "nan"), ("embedding", "best")]
)
def test_a_value_outside_its_limits_is_refused(name, text):
    with pytest.raises(ParameterError, match="must be"):
        knobs.read_value(knobs.address_of(name), text)


def test_an_unknown_knob_is_refused_with_the_names_that_there_are():
    with pytest.raises(ParameterError, match="x_weight"):
        knobs.address_of("wheight")
