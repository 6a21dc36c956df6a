"""What this session remembers of the Annotate page: the annotation of each sample, and what is shown beside it."""

from dataclasses import dataclass

import streamlit as st

from core.annotation import Annotation
from ui.shell.drawing import remembered

_CHOSEN, _BESIDE, _GONE = "annotation", "beside", "deleted annotation"

MAPS_KEY = remembered.ANNOTATE
"""Of the maps that are drawn on."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What the second map shows: one of `BESIDE_KINDS`, and the gene."""

    kind: str = "predicted"
    gene: str | None = None


BESIDE_KINDS = ("predicted", "annotation", "gene", "depth", "nothing")


def beside() -> Beside:
    """Look up what the second map shows."""
    stored: Beside = st.session_state.get(_BESIDE, Beside())
    return stored


def show_beside(new: Beside) -> None:
    """Show something else on the second map."""
    st.session_state[_BESIDE] = new


def asked_for(file: str) -> str:
    """Look up the id of the annotation of a sample that is asked for; empty for none, and it may not exist."""
    return str(remembered.of(_CHOSEN).get(file, ""))


def choose(file: str, id: str) -> None:
    """Show another annotation of a sample."""
    remembered.remember(_CHOSEN, file, id)


def deleted(file: str) -> Annotation | None:
    """Look up the annotation of a sample that was deleted last, to take it back."""
    of, annotation = st.session_state.get(_GONE, ("", None))
    return annotation if of == file else None


def delete(file: str, annotation: Annotation | None) -> None:
    """Remember what was deleted; None once it is back."""
    st.session_state[_GONE] = (file, annotation)
