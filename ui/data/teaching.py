"""What annotated sections teach, cached: a reference is learnt once for its sections and their annotations, and read once from a file.

That it cannot be learnt or read is known once, too.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core import reference as saved
from core.errors import SampleError, SampleFileError, TransferError
from core.guidance import Guidance
from core.io.lab import SampleSummary
from core.marker_table import MarkerTable
from core.method.guidable import check_guidable
from core.method.reference import learn
from core.reference import Reference
from core.sample import Sample
from core.text import shown
from ui.data import compute


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why there is no reference."""

    sentence: str


def is_learnt(summaries: Sequence[SampleSummary]) -> bool:
    """Whether the reference of these sections is in the cache, or why there is none."""
    return compute.is_kept(*_key(_samples(summaries)))


def reference(summaries: Sequence[SampleSummary]) -> Reference:
    """Learn from sections, each with the annotation that it is compared with."""
    samples = _samples(summaries)
    return _kept(lambda: learn(samples), *_key(samples))


def of_file(data: bytes, name: str) -> Reference:
    """Read a saved reference, once for its content; its file's name is for messages."""
    try:
        return _kept(lambda: saved.from_json(data), "saved reference", hashlib.sha256(data).hexdigest())
    except TransferError as error:
        raise TransferError(f"{shown(name)} cannot be used. {error}") from error


def check(summary: SampleSummary, reference: Reference | None, markers: MarkerTable | None) -> None:
    """Raise why a reference or a table cannot guide a sample, before anything is changed for it."""
    check_guidable(Guidance(reference=reference, markers=markers), compute.file_sample(summary))


def _kept(make: Callable[[], Reference], *parts: str) -> Reference:
    def outcome() -> Reference | _Refused:
        try:
            return make()
        except SampleFileError:  # such as for want of memory, which may be there later
            raise
        except (SampleError, TransferError) as error:
            return _Refused(str(error))

    found = compute.kept(outcome, *parts)
    if isinstance(found, _Refused):
        raise TransferError(found.sentence)
    return found


def _samples(summaries: Sequence[SampleSummary]) -> list[Sample]:
    return [compute.sample(summary) for summary in summaries]


def _key(samples: Sequence[Sample]) -> tuple[str, ...]:
    parts = [part for sample in samples for part in (sample.name, sample.content_hash, sample.annotation_hash)]
    return "reference", *parts
