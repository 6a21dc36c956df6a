"""What the Tissue page adds to the address: what its map shows, the gene, whether as raw counts, and the limits of the colour scale."""

import math
from collections.abc import Mapping

from ui.shell.address import Part, refusal
from ui.shell.navigation import GENE, SHOW
from ui.tissue import state
from ui.tissue.state import VIEW_KINDS, View

_LOW, _HIGH = "low", "high"
_VALUES, _RAW = "values", "counts"
_MAX_GENE_LENGTH = 200


def query_of(view: View) -> dict[str, str]:
    """Write what differs from the default view."""
    low, high = view.limits or (None, None)
    parts = {SHOW: view.kind if view.kind != View().kind else None, GENE: view.gene, _LOW: low, _HIGH: high}
    parts |= {_VALUES: _RAW if view.raw else None}
    return {name: str(part) for name, part in parts.items() if part is not None}


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
    limits = _limits_of(query)
    if limits is None and (_LOW in query or _HIGH in query):
        sentences.append(
            f"`{_LOW}` and `{_HIGH}` in the address were ignored: the ends of the colour scale must be two numbers, the lower one "
            "first."
        )
    return View(kind=kind, gene=gene, raw=query.get(_VALUES) == _RAW, limits=limits), sentences


def _limits_of(query: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        low, high = float(query.get(_LOW, "nan")), float(query.get(_HIGH, "nan"))
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low <= high else None


def _take_over(query: Mapping[str, str]) -> list[str]:
    view, sentences = view_of(query)
    state.take_view(view)
    return sentences


PART = Part(
    names=(SHOW, GENE, _VALUES, _LOW, _HIGH),
    query=lambda: query_of(state.view()),
    take_over=_take_over,
    state=state.view,
)
