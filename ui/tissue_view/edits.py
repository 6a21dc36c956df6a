"""Edits that the browser made of an annotation, checked: what comes from a browser may be anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import streamlit as st

from ui.tissue_view.spots import Spots

Kind = Literal["add", "take", "intersect"]
KINDS = get_args(Kind)
_MOST_TEXT, _LARGEST = 200, 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edit:
    """One shape: what it does with which region of which annotation, and the spots in it.

    Parameters
    ----------
    tab : str
    number : int
        Among the tab's edits of the annotation, from 1: the same edit may be told several times.
    annotation : str
        As :class:`ui.tissue_view.Drawing` names it.
    count : int
        Changes that had led to what was seen.
    kind : {"add", "take", "intersect"}
    region : int
        Its label then.
    spots : ndarray of int
        Indices, ascending.
    """

    tab: str
    number: int
    annotation: str
    count: int
    kind: Kind
    region: int
    spots: np.ndarray


def of(key: str, spots: Spots) -> list[Edit]:
    """List what the browser told of these spots, oldest first; what is no edit is left out."""
    told = (st.session_state.get(key) or {}).get("edits")
    read = (_read(item, spots) for item in (told if isinstance(told, list) else []))
    return [edit for edit in read if edit is not None]


def _read(item: Any, spots: Spots) -> Edit | None:
    if not isinstance(item, Mapping) or item.get("spots") != spots.digest or item.get("what") not in KINDS:
        return None
    texts = [text for name in ("tab", "annotation") if isinstance(text := item.get(name), str)]
    counts = [_whole(item.get(name)) for name in ("number", "count", "region")]
    ends = _ends(item.get("runs"), spots.count)
    if ends is None or len(texts) < 2 or max(map(len, texts)) > _MOST_TEXT or None in counts:
        return None
    number, count, region = (count or 0 for count in counts)
    return Edit(
        tab=texts[0],
        number=number,
        annotation=texts[1],
        count=count,
        kind=item["what"],
        region=region,
        spots=_spots(ends, spots.count),
    )


def _whole(number: Any) -> int | None:
    return int(number) if isinstance(number, int | float) and 0 <= number <= _LARGEST else None


def _ends(runs: Any, n_spots: int) -> np.ndarray | None:
    if not isinstance(runs, list) or len(runs) % 2 or len(runs) > 2 * n_spots:
        return None
    if not all(isinstance(end, int | float) and 0 <= end <= n_spots for end in runs):
        return None
    return np.asarray(runs, dtype=np.int64)


def _spots(ends: np.ndarray, n_spots: int) -> np.ndarray:
    steps = np.zeros(n_spots + 1, dtype=np.int64)
    np.add.at(steps, ends[::2], 1)
    np.add.at(steps, ends[1::2], -1)
    return np.flatnonzero(np.cumsum(steps)[:-1] > 0)
