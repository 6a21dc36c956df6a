"""What the Sweep page adds to the address: which sweep it shows, and its view, sample and score where they are not the first."""

from collections.abc import Mapping

from ui.shell import session
from ui.shell.address import Part, refusal
from ui.sweep import state
from ui.sweep.labels import SCORE_LABELS, VIEWS
from ui.sweep.state import View

_SWEEP, _VIEW, _SAMPLE, _SCORE = "sweep", "results", "results_on", "results_by"


def _query() -> dict[str, str]:
    view = state.view()
    parts = {_SWEEP: session.sweep_id(), _VIEW: view.name.lower(), _SAMPLE: view.sample, _SCORE: view.score}
    return {name: text for name, text in parts.items() if text}


def _take_over(query: Mapping[str, str]) -> list[str]:
    session.choose_sweep(query.get(_SWEEP) or None)
    views = {name.lower(): name for name in VIEWS}
    sentences = [
        refusal(f"it must be one of {', '.join(allowed)}.", entry, query[entry])
        for entry, allowed in ((_VIEW, views), (_SCORE, SCORE_LABELS))
        if query.get(entry, next(iter(allowed))) not in allowed
    ]
    score = query.get(_SCORE, "")
    state.take_view(
        View(
            name=views.get(query.get(_VIEW, ""), ""),
            sample=query.get(_SAMPLE, ""),
            score=score if score in SCORE_LABELS else "",
        )
    )
    return sentences


PART = Part(names=(_SWEEP, _VIEW, _SAMPLE, _SCORE), query=_query, take_over=_take_over, state=state.view)
