"""Domains that follow strokes, cached: what does not depend on the strokes is prepared once for a sample and its settings."""

import dataclasses

import numpy as np

from core.evaluation.agreement import agreement
from core.evaluation.matching import Matching, guided_domains
from core.guidance import Guidance
from core.layer_names import display_name
from core.method.guided import Guided, ask
from core.params import MethodParams, params_key
from core.reference import Reference
from core.result import Result
from core.sample import Sample
from core.text import counted
from ui.data import compute


def is_prepared(sample: Sample, params: MethodParams) -> bool:
    """Whether all that does not depend on strokes is done."""
    return compute.is_kept(*_prepared_key(sample, params))


def prepare(sample: Sample, params: MethodParams) -> None:
    """Do all that does not depend on strokes: it takes as long as finding domains."""
    compute.kept_in_turn(lambda: compute.steps(sample).guide(params) is not None, *_prepared_key(sample, params))


def follow(sample: Sample, params: MethodParams, guidance: Guidance) -> Guided:
    """Let domains follow strokes."""
    return compute.steps(sample).guided(params, guidance)


def question(
    sample: Sample, params: MethodParams, guidance: Guidance, guided: Guided, passed_over: frozenset[int]
) -> int | None:
    """Choose the spot whose answer would tell most, but for those that are passed over; None where nothing is left to ask."""
    steps = compute.steps(sample)
    painted = steps.shown(params, guidance)[0]
    asked = ask(steps.guide(params), guided, painted, len(passed_over) + 1)
    return next((int(spot) for spot in asked if int(spot) not in passed_over), None)


def result(sample: Sample, params: MethodParams, guidance: Guidance) -> Result:
    """Make the result with all its scores, to be kept or exported."""
    key = sample.name, sample.content_hash, sample.annotation_hash, params_key(params), guidance.digest
    found = compute.kept_in_turn(lambda: compute.steps(sample).run_guided(params, guidance), "guided result", *key)
    return dataclasses.replace(found, guidance=guidance)  # with the colours of now, which play no part in the key


def look(sample: Sample, params: MethodParams, guidance: Guidance, guided: Guided) -> Result:
    """Make the result with no scores but the agreement on spots that were not painted: these are counted at each stroke."""
    return Result(
        sample_name=sample.name,
        labels=guided.labels,
        params=params,
        scores=agreement(guided.labels, guidance.hidden_from(sample.labels_true)),
        confidence=guided.shares.max(axis=1),
        direction=compute.direction(sample, params),
        guidance=guidance,
        names=guidance.names(guided.shares.shape[1]),
    )


def domains(sample: Sample, result: Result) -> Matching:
    """Read the domains of a guided result; those that a reference or marker genes named are called as people read them."""
    found = guided_domains(sample, result)
    known = () if result.guidance is None else result.guidance.known
    return found.named(
        {cluster: display_name(name) if name in known else name for cluster, name in found.names.items()}
    )


def told(sample: Sample, result: Result) -> list[str]:
    """Say what a reference or marker genes found here, as sentences; nothing where strokes alone guide."""
    guidance = result.guidance
    if guidance is not None and guidance.reference is not None:
        return [_transferred(sample, result, guidance, guidance.reference)]
    if guidance is not None and guidance.markers is not None:
        scores = compute.steps(sample).marker_scores(result.params, guidance.markers)
        return [*guidance.markers.notes, *scores.notes_on(result.names, result.labels)]
    return []


def _transferred(sample: Sample, result: Result, guidance: Guidance, reference: Reference) -> str:
    found = compute.steps(sample).transferred(result.params, reference, guidance.painted_known(sample.n_spots))
    n_unlike = int(np.count_nonzero(result.labels == len(guidance.domains)))
    sure = 0.0 if result.confidence is None else float(np.median(result.confidence))
    unlike = "no spot is" if n_unlike == 0 else counted(n_unlike, "spot is", "spots are")
    return (
        f"{counted(found.n_shared, 'gene is', 'genes are')} shared with the reference; {unlike} unlike anything in it; a spot gives its "
        f"domain {sure:.0%} at the median."
    )


def label_free(sample: Sample, labels: np.ndarray, guidance: Guidance | None) -> float | None:
    """Count the agreement of label-free domains on the spots that were not painted."""
    truth = sample.labels_true if guidance is None else guidance.hidden_from(sample.labels_true)
    return agreement(labels, truth).ari


def _prepared_key(sample: Sample, params: MethodParams) -> tuple[str, ...]:
    return "prepared for strokes", sample.content_hash, params_key(params)
