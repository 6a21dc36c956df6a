"""What the Sweep page adds to the address: which sweep it shows."""

from collections.abc import Mapping

from ui.shell import session
from ui.shell.address import Part

_SWEEP = "sweep"


def _query() -> dict[str, str]:
    sweep = session.sweep_id()
    return {} if sweep is None else {_SWEEP: sweep}


def _take_over(query: Mapping[str, str]) -> list[str]:
    session.choose_sweep(query.get(_SWEEP) or None)
    return []


PART = Part(names=(_SWEEP,), query=_query, take_over=_take_over)
