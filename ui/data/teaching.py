"""What annotated sections teach, cached: a reference is learnt once for its sections and their annotations."""

from collections.abc import Sequence

from core.io.lab import SampleSummary
from core.method.reference import learn
from core.reference import Reference
from core.sample import Sample
from ui.data import compute


def is_learnt(summaries: Sequence[SampleSummary]) -> bool:
    """Whether the reference of these sections is in the cache."""
    return compute.is_kept(*_key(_samples(summaries)))


def reference(summaries: Sequence[SampleSummary]) -> Reference:
    """Learn from sections, each with the annotation that it is compared with."""
    samples = _samples(summaries)
    return compute.kept(lambda: learn(samples), *_key(samples))


def _samples(summaries: Sequence[SampleSummary]) -> list[Sample]:
    return [compute.sample(summary) for summary in summaries]


def _key(samples: Sequence[Sample]) -> tuple[str, ...]:
    parts = [part for sample in samples for part in (sample.name, sample.content_hash, sample.annotation_hash)]
    return "reference", *parts
