"""What this session remembers of the Guide page: whose strokes it shows, what is beside them, and what was asked."""

import streamlit as st

from ui.shell import session
from ui.shell.drawing import remembered

_CHOSEN, _BESIDE, _OTHERS, _ASKING, _PASSED = (
    "strokes", "beside strokes", "other domains", "asking", "questions passed over",
)  # fmt: skip
_RUN = "guided run"

MAPS_KEY = remembered.GUIDE
"""Of the maps that are drawn on."""

BESIDE = {
    "guided": "Guided",
    "uncertainty": "Uncertainty",
    "free": "Label-free",
    "annotation": "Annotation",
}
"""What the second map may show, the first by default; the annotation only where somebody asks for it."""

FIRST = next(iter(BESIDE))


def asked_for(file: str) -> str:
    """Look up the id of the strokes of a sample that are asked for; empty for one's own, and they may not exist."""
    return str(remembered.of(_CHOSEN).get(file, ""))


def choose(file: str, id: str) -> None:
    """Show other strokes of a sample, and no run."""
    remembered.remember(_CHOSEN, file, id)
    open_run(file, "")


def run(file: str) -> str:
    """Look up the id of the kept run that is shown; empty for none."""
    return str(remembered.of(_RUN).get(file, ""))


def open_run(file: str, id: str) -> None:
    """Show a kept run with its strokes."""
    remembered.remember(_RUN, file, id)


def beside() -> str:
    """Look up what the second map shows."""
    return str(st.session_state.get(_BESIDE, FIRST))


def show_beside(kind: str) -> None:
    """Show something else on the second map."""
    st.session_state[_BESIDE] = kind


def others() -> bool:
    """Whether domains that nobody painted may exist."""
    return bool(st.session_state.get(_OTHERS, False))


def allow_others(wanted: bool) -> None:
    """Let domains that nobody painted exist, or not."""
    st.session_state[_OTHERS] = wanted


def asking() -> bool:
    """Whether the page asks."""
    return bool(st.session_state.get(_ASKING, False))


def ask(wanted: bool) -> None:
    """Begin to ask, or end it."""
    st.session_state[_ASKING] = wanted


def passed_over(id: str) -> frozenset[int]:
    """Look up the spots that the page asked about without an answer, by the strokes."""
    return frozenset(remembered.of(_PASSED).get(id, ()))


def pass_over(id: str, spot: int) -> None:
    """Ask about a spot no more."""
    remembered.remember(_PASSED, id, passed_over(id) | {spot})


def n_answers(id: str) -> int:
    """Count the answers that this session gave, by the strokes."""
    return int(remembered.of(_ANSWERS).get(id, 0))


def count_answer(id: str) -> None:
    """Count one more answer."""
    remembered.remember(_ANSWERS, id, n_answers(id) + 1)


_ANSWERS = "answers"

OTHERS_KEY, BESIDE_KEY, ASKING_KEY = (session.widget_key("guide", part) for part in ("others", "beside", "asking"))
"""Of the switches."""
