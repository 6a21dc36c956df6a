"""Annotations of a sample, as pages list, read and change them; each is changed by its author alone."""

from collections.abc import Callable

from core.annotation import Annotation
from core.annotation_history import Edits, Kept
from core.io.annotation_store import AnnotationStore, Entry
from core.io.lab import SampleSummary
from core.sample import Sample
from core.strokes import SOURCE
from ui.data import compute, user


def store(summary: SampleSummary) -> AnnotationStore:
    """Open the annotations that lie beside a sample's file."""
    return AnnotationStore(summary.path, compute.file_sample(summary))


def entries(summary: SampleSummary) -> list[Entry]:
    """List the annotations of a sample but for strokes, which are no opinion on the whole of it; empty where there is none."""
    return [entry for entry in _all(summary) if entry.annotation is None or entry.annotation.source != SOURCE]


def strokes(summary: SampleSummary) -> list[Annotation]:
    """List what people painted on a sample to guide its domains."""
    there = (entry.annotation for entry in _all(summary))
    return [annotation for annotation in there if annotation is not None and annotation.source == SOURCE]


def _all(summary: SampleSummary) -> list[Entry]:
    there = store(summary)
    stamps = there.stamps()
    if not stamps:
        return []
    return compute.kept(
        there.entries, "annotations", str(there.folder), there.sample.spots_hash, there.sample.name, repr(stamps)
    )


def of_file(file: str) -> AnnotationStore | None:
    """Open the annotations of a sample by the name of its file; None where there is no such sample any more."""
    found = next((summary for summary in compute.samples() if summary.path.name == file and not summary.problem), None)
    return None if found is None else store(found)


def reader_beside(sample: Sample) -> Callable[[], list[Annotation]]:
    """Prepare the same for a sample whose file is not known, by its name and its spots."""
    named = [summary for summary in compute.samples() if summary.name == sample.name and not summary.problem]
    found = next((one for one in named if compute.file_sample(one).spots_hash == sample.spots_hash), None)
    return list if found is None else store(found).annotations


def reader(file: str | None) -> Callable[[], list[Annotation]]:
    """Prepare to read the annotations of a sample by its file, for a download that another thread makes."""
    there = None if file is None else of_file(file)
    return list if there is None else there.annotations


def author_of(annotation: Annotation) -> str | None:
    """Find as whom this user made it; None where another did."""
    return annotation.author if user.is_me(annotation.author) else None


def change(summary: SampleSummary, id: str, act: Callable[[AnnotationStore, str], Kept]) -> Kept:
    """Change an annotation as its author; the store refuses anybody else with a sentence."""
    kept = compute.annotation(summary, id)
    return act(store(summary), author_of(kept.annotation) or user.who())


def edit(summary: SampleSummary, id: str, edits: Edits) -> list[str]:
    """Apply edits to an annotation as it is now, and give a sentence for each step that could not be."""
    refused: list[str] = []

    def act(there: AnnotationStore, author: str) -> Kept:
        kept, sentences = there.edit(id, author, edits)
        refused.extend(sentences)
        return kept

    change(summary, id, act)
    return refused
