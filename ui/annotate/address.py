"""What the Annotate page adds to the address: the annotation, and what is shown beside it."""

from collections.abc import Mapping

from ui.annotate import state
from ui.annotate.state import BESIDE_KINDS, Beside
from ui.data import truth
from ui.shell import session
from ui.shell.address import Part, refusal

_ANNOTATION, _BESIDE, _GENE = "annotation", "beside", "beside_gene"
_MAX_GENE_LENGTH = 200


def _query() -> dict[str, str]:
    beside, file = state.beside(), session.sample_file()
    parts = {
        _ANNOTATION: state.asked_for(file or ""),
        _BESIDE: beside.kind if beside.kind != Beside().kind else "",
        _GENE: beside.gene or "",
    }
    return {name: text for name, text in parts.items() if text}


def _take_over(query: Mapping[str, str]) -> list[str]:
    sentences = []
    wanted, kind, gene = query.get(_ANNOTATION, ""), query.get(_BESIDE, Beside().kind), query.get(_GENE) or None
    if wanted and (wanted == truth.NONE or not truth.is_possible(wanted)):
        sentences.append(refusal("it must be the id of an annotation.", _ANNOTATION, wanted))
    elif wanted and (file := session.sample_file()) is not None:
        state.choose(file, wanted)
    if kind not in BESIDE_KINDS:
        sentences.append(refusal(f"it must be one of {', '.join(BESIDE_KINDS)}.", _BESIDE, kind))
        kind = Beside().kind
    if gene is not None and len(gene) > _MAX_GENE_LENGTH:
        sentences.append(refusal("no gene has so long a name.", _GENE, gene))
        gene = None
    state.show_beside(Beside(kind, gene))
    return sentences


PART = Part(
    names=(_ANNOTATION, _BESIDE, _GENE),
    query=_query,
    take_over=_take_over,
    state=lambda: (state.beside(), state.asked_for(session.sample_file() or "")),
)
