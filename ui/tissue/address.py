"""What the Tissue page adds to the address: what its map shows, the genes, whether as raw counts, and the limits of the colour scale."""

import math
from collections.abc import Mapping

from ui.shell.address import Part, refusal
from ui.shell.asking import address as asking
from ui.shell.navigation import GENE, GENES, SHOW
from ui.shell.sample_view import MOST_GENES
from ui.tissue import state
from ui.tissue.state import VIEW_KINDS, View

_LOW, _HIGH = "low", "high"
_VALUES, _RAW = "values", "counts"
_SEVERAL, _HOW, _SET = GENES, "how", "set"
_BESIDE = "beside"
_MAX_GENE_LENGTH = 200
MAX_SET_LENGTH = 2_000
"""Longer lists of names are left out of the address, which browsers and mail programs would cut."""


def query_of(view: View) -> dict[str, str]:
    """Write what differs from the default view."""
    low, high = view.limits or (None, None)
    parts = {SHOW: view.kind if view.kind != View().kind else None, GENE: view.gene, _LOW: low, _HIGH: high}
    parts |= {_VALUES: _RAW if view.raw else None, _SEVERAL: ",".join(view.several) or None}
    parts |= {_HOW: _BESIDE if view.beside else None, _SET: ",".join(view.pasted) if fits(view.pasted) else None}
    return {name: str(part) for name, part in parts.items() if part is not None}


def fits(names: tuple[str, ...]) -> bool:
    """Whether there is a set of genes that the address can hold."""
    return 0 < len(",".join(names)) <= MAX_SET_LENGTH


def view_of(query: Mapping[str, str]) -> tuple[View, list[str]]:
    """Read a view, with a sentence for each invalid value; the sample may lack its gene."""
    kind, gene, sentences = query.get(SHOW, View().kind), query.get(GENE), []
    if kind not in VIEW_KINDS:
        sentences.append(refusal(f"it must be one of {', '.join(VIEW_KINDS)}.", SHOW, kind))
        kind = View().kind
    if gene is not None and len(gene) > _MAX_GENE_LENGTH:
        sentences.append(refusal("no gene has so long a name.", GENE, gene))
        gene = None
    if (values := query.get(_VALUES, _RAW)) != _RAW:
        sentences.append(refusal(f"it can only be {_RAW}.", _VALUES, values))
    if (how := query.get(_HOW, _BESIDE)) != _BESIDE:
        sentences.append(refusal(f"it can only be {_BESIDE}.", _HOW, how))
    lists = {name: query.get(name, "") for name in (_SEVERAL, _SET)}
    for name, text in lists.items():
        if len(text) > MAX_SET_LENGTH:
            sentences.append(refusal(f"it may have at most {MAX_SET_LENGTH:,} characters.", name, text))
            lists[name] = ""
    limits = _limits_of(query)
    if limits is None and (_LOW in query or _HIGH in query):
        sentences.append(
            f"`{_LOW}` and `{_HIGH}` in the address were ignored: the ends of the colour scale must be two numbers, the lower one "
            "first."
        )
    several, pasted = (tuple(dict.fromkeys(filter(None, text.split(",")))) for text in lists.values())
    view = View(
        kind=kind, gene=gene, raw=query.get(_VALUES) == _RAW, limits=limits, several=several[:MOST_GENES],
        beside=query.get(_HOW) == _BESIDE, pasted=pasted,
    )  # fmt: skip
    return view, sentences


def _limits_of(query: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        low, high = float(query.get(_LOW, "nan")), float(query.get(_HIGH, "nan"))
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low <= high else None


def _take_over(query: Mapping[str, str]) -> list[str]:
    view, sentences = view_of(query)
    state.take_view(view)
    return sentences + asking.take_over(query)


def _query() -> dict[str, str]:
    return query_of(state.view()) | asking.query()


PART = Part(
    names=(SHOW, GENE, _VALUES, _LOW, _HIGH, _SEVERAL, _HOW, _SET),
    query=_query,
    take_over=_take_over,
    state=state.view,
)
