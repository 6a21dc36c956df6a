"""Words for people."""

import pytest

from core.io.geojson.placing import UNITS
from core.text import sentence_case


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        ("transferred from DLPFC_1", "Transferred from DLPFC_1"),
        ("pixels of the small image", "Pixels of the small image"),
        ("µm on the array", "µm on the array"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_and_changes_neither_names_nor_units(text, begun):
    assert sentence_case(text) == begun


def test_no_unit_of_shapes_becomes_greek():
    assert not any("\N{GREEK CAPITAL LETTER MU}" in sentence_case(unit) for unit in UNITS.values())
