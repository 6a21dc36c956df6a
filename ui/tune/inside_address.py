"""Domains that are clustered again, as an address says them: which domain, by its name then, into how many parts, in which direction.

Parts of a lasso's selection are not in the address, which cannot hold a thousand spots, nor is what was split after them.
"""

import itertools
from collections.abc import Sequence
from urllib.parse import unquote

from core import knobs
from core.errors import ParameterError
from core.method.inside import MOST_PARTS
from ui.tune.shown import AskedSplit, Split

MOST_SPLITS = 20
_LONGEST_NAME = 200
_BETWEEN, _WITHIN = "|", ":"
DIRECTION = ("direction", "method")


def written(splits: Sequence[Split | AskedSplit]) -> str:
    """Write splits for the address, up to the first of a selection."""
    told = itertools.takewhile(lambda split: not split.by_hand, splits)
    return _BETWEEN.join(_WITHIN.join((_harmless(split.name), str(split.n_parts), split.direction)) for split in told)


def read(text: str) -> tuple[AskedSplit, ...]:
    """Read what an address says.

    Raises
    ------
    ParameterError
        If it is nothing that :func:`written` writes.
    """
    entries = [entry.rsplit(_WITHIN, 2) for entry in text.split(_BETWEEN)] if text else []
    if len(entries) > MOST_SPLITS or not all(map(_is_split, entries)):
        raise ParameterError(
            f"it must be up to {MOST_SPLITS} times a domain, its number of parts (2 to {MOST_PARTS}) and a direction, such as "
            "White matter:2:off."
        )
    return tuple(AskedSplit(unquote(name), int(n_parts), direction) for name, n_parts, direction in entries)


def _is_split(entry: Sequence[str]) -> bool:
    if len(entry) != 3 or not 0 < len(entry[0]) <= _LONGEST_NAME:
        return False
    _, n_parts, direction = entry
    known = n_parts.isascii() and n_parts.isdigit() and 2 <= int(n_parts[:3]) <= MOST_PARTS
    return known and direction in knobs.declared(DIRECTION).metadata["choices"]


def _harmless(name: str) -> str:
    return name.replace("%", "%25").replace(_BETWEEN, "%7C")
