"""What Ask adds to the address of the pages that have it: the two groups, by name."""

from collections.abc import Mapping

from core.evaluation.differential import REST
from ui.shell.address import Part
from ui.shell.asking import groups

_GROUP, _AGAINST = "group", "against"


def query() -> dict[str, str]:
    """Write the groups that this session asked for."""
    asked = zip((_GROUP, _AGAINST), groups.chosen(), strict=True)
    return {name: group for name, group in asked if group and group != REST}


def take_over(asked: Mapping[str, str]) -> list[str]:
    """Ask for the groups of an address; the page says which of them it lacks."""
    groups.choose(asked.get(_GROUP, ""), asked.get(_AGAINST, ""))
    return []


PART = Part(names=(_GROUP, _AGAINST), query=query, take_over=take_over, state=groups.chosen)
