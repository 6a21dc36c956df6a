"""A new annotation is kept, and shown on Annotate."""

from core.annotation import Annotation
from core.io.lab import SampleSummary
from ui.annotate import state
from ui.data import annotations
from ui.shell import session
from ui.shell.drawing import acting


def begin(summary: SampleSummary, annotation: Annotation) -> None:
    """Keep a new annotation, and show it."""

    def act() -> None:
        annotations.store(summary).save(annotation, annotation.author)
        state.choose(summary.path.name, annotation.id)
        session.take_refusal()

    acting.do(summary, act)
