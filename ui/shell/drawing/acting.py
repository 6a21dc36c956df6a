"""What people do with an annotation: shapes that they drew are applied first, and each act is saved before the page is drawn again."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.annotation import Annotation
from core.annotation_history import Edits, Kept
from core.annotation_steps import Step
from core.errors import AnnotationError
from core.io.annotation_store import AnnotationStore
from core.io.lab import SampleSummary
from ui.data import annotations, compute
from ui.shell import guards, maps, pictures
from ui.shell.drawing import remembered
from ui.tissue_view import edits
from ui.tissue_view.edits import Edit


def take(summary: SampleSummary) -> None:
    """Apply what the browser has drawn and nobody has applied yet; it keeps what cannot be, such as for a sample that is gone."""
    with guards.kept_for_the_page():
        _take(summary)


def _take(summary: SampleSummary) -> None:
    sample, taken = compute.file_sample(summary), remembered.taken()
    spots = maps.spots(sample, stained=pictures.underlay(sample) is None)
    told = [*edits.of(remembered.ANNOTATE, spots), *edits.of(remembered.GUIDE, spots)]
    new = [edit for edit in told if edit.number > taken.get((edit.annotation, edit.tab), 0)]
    for _, drawn in itertools.groupby(new, lambda edit: (edit.annotation, edit.tab, edit.count)):
        with guards.kept_for_the_page():
            _apply(summary, list(drawn))


def take_what_came_late(summary: SampleSummary) -> None:
    """Apply, once the maps are drawn, what a session that began after a lost connection learns of with no event of its own."""
    before = remembered.taken()
    take(summary)
    if remembered.taken() != before:
        st.rerun()


def _apply(summary: SampleSummary, drawn: Sequence[Edit]) -> None:
    first = drawn[0]
    of_tab = Edits(
        [Step(kind=edit.kind, region=edit.region, spots=tuple(edit.spots.tolist())) for edit in drawn],
        based_on=first.count,
        tab=first.tab,
        first=first.number,
    )
    if not _may_change(summary, first.annotation):
        remembered.take(first.annotation, first.tab, drawn[-1].number)
        raise AnnotationError("What you drew was not applied: the annotation was deleted, or is another's.")
    refused = annotations.edit(
        summary, first.annotation, of_tab
    )  # what cannot be written the browser keeps, and tells again
    remembered.take(first.annotation, first.tab, drawn[-1].number)
    if refused:
        raise AnnotationError(" ".join(dict.fromkeys(refused)))


def _may_change(summary: SampleSummary, id: str) -> bool:
    try:
        return annotations.author_of(compute.annotation(summary, id).annotation) is not None
    except AnnotationError:
        return False


def step(summary: SampleSummary, annotation: Annotation, *steps: Step) -> None:
    """Apply steps after what was drawn."""

    def act() -> None:
        if refused := annotations.edit(summary, annotation.id, Edits(steps)):
            raise AnnotationError(" ".join(refused))

    do(summary, act)


def change(summary: SampleSummary, annotation: Annotation, act: Callable[[AnnotationStore, str], Kept]) -> None:
    """Change an annotation, such as its name, after what was drawn."""
    do(summary, lambda: annotations.change(summary, annotation.id, act))


def do(summary: SampleSummary, act: Callable[[], Any]) -> None:
    """Act after what was drawn, and keep for the page why not where that is refused."""
    take(summary)
    with guards.kept_for_the_page():
        act()
