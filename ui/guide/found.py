"""What strokes make of a sample, and what is found without them."""

import dataclasses
from dataclasses import dataclass

from core.annotation import compared
from core.errors import DomainsError
from core.evaluation.matching import Matching
from core.guidance import Guidance, guidance_of
from core.io.lab import SampleSummary
from core.method.guided import Guided
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.runs import Run
from ui.data import compute, guided
from ui.guide import start, state
from ui.guide.strokes import Painted
from ui.shell import forms, known_runs, teaching
from ui.shell.teaching import Start


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What is shown of a sample: guided domains, or a sentence in their place; and the label-free ones, once they are found.

    `sample` has the annotation that scores are counted with, `bare` has none: it is hidden until somebody asks for it. `free_run` is
    the kept run of the label-free domains, whose names are theirs here as on Tune.
    """

    sample: Sample
    bare: Sample
    params: MethodParams
    painted: Painted
    guidance: Guidance | None = None
    guided: Guided | None = None
    result: Result | None = None
    matching: Matching | None = None
    free: Result | None = None
    free_run: Run | None = None
    missing: str = ""
    can_be_found: bool = True

    @property
    def is_prepared(self) -> bool:
        """Whether all that does not depend on strokes is done."""
        return self.free is not None


def look(summary: SampleSummary, painted: Painted) -> Found:
    """Let domains follow the strokes, if what that takes is prepared."""
    own, sample = compute.file_sample(summary), compute.sample(summary)
    params = forms.params(sample)
    base = Found(sample=sample, bare=_bare(own), params=params, painted=painted)
    if not compute.ready(own, params):
        missing = "These settings ask for training: start it on Tune."
        return dataclasses.replace(base, missing=missing, can_be_found=False)
    if not (guided.is_prepared(own, params) and compute.is_found(own, params)):
        return dataclasses.replace(base, missing="Preparing\nthe tissue")
    if painted.result is None and not start.is_ready(summary.path.name, _start(summary, painted)):
        return dataclasses.replace(base, missing="Learning from\nthe sections")
    run = known_runs.kept(sample, params, summary.path.name)
    base = dataclasses.replace(base, free=compute.cluster(own, params), free_run=run)
    if painted.result is not None:
        return _of_run(base, painted.result)
    return _followed(base, summary.path.name, _start(summary, painted))


def _start(summary: SampleSummary, painted: Painted) -> Start:
    """Look up what a kept run started from, or what is chosen now."""
    return teaching.start(summary.path.name) if painted.start is None else painted.start


def find(summary: SampleSummary, painted: Painted) -> None:
    """Prepare all that does not depend on strokes, and find the label-free domains."""
    own = compute.file_sample(summary)
    params = forms.params(compute.sample(summary))
    compute.cluster(own, params)
    guided.prepare(own, params)
    file, chosen = summary.path.name, _start(summary, painted)
    try:
        start.taught(file, chosen)
    except DomainsError:
        if not start.is_ready(file, chosen):  # else the page, which is drawn again, says why
            raise


def _followed(base: Found, file: str, chosen: Start) -> Found:
    kept = base.painted.kept
    try:
        reference, markers = start.taught(file, chosen)
        known = reference is not None or markers is not None
        if not known and not (kept.annotation.assigned >= 0).any():
            return dataclasses.replace(base, missing="Paint some spots of each domain:\nall other spots follow")
        guidance = guidance_of(
            kept.annotation, others=state.others() and not known, reference=reference, markers=markers
        )
        followed = guided.follow(base.bare, base.params, guidance)
    except DomainsError as error:
        return dataclasses.replace(base, missing=str(error).replace(": ", ":\n"))
    result = guided.look(base.sample, base.params, guidance, followed)
    matching = guided.domains(base.bare, result)
    return dataclasses.replace(base, guidance=guidance, guided=followed, result=result, matching=matching)


def _of_run(base: Found, result: Result) -> Found:
    assert result.guidance is not None  # noqa: S101 - of_run has checked
    try:
        followed = guided.follow(base.bare, result.params, result.guidance)
    except DomainsError:
        followed = None
    return dataclasses.replace(
        base, guidance=result.guidance, guided=followed, result=result, matching=guided.domains(base.bare, result)
    )


def _bare(own: Sample) -> Sample:
    return compute.kept(lambda: compared(own, None), "bare", own.content_hash, own.spots_hash)
