"""From where somebody asks."""

import pytest

from ui.data.user import place_of


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.7, 192.0.2.8", ""),
    ],
)
def test_an_address_is_a_place_and_one_household_of_ipv6_is_one(address, place):
    assert place_of(address) == place
