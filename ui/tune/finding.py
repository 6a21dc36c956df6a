"""Find what Tune shows. Only this part of the page stores colours and direction for the next move; it draws nothing."""

from core.evaluation.matching import Matching, match_steadily
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from ui.data import compute
from ui.shell import forms, known_runs, session
from ui.tune import state, training
from ui.tune.shown import Pinned, Shown, ShownResult


def find(sample: Sample, params: MethodParams, file: str) -> Shown:
    """Find what to show, and store its colours and direction for the next move of this session."""
    theme, preset = session.theme(), session.settings().preset
    result = known_runs.kept_result(sample, params, file)
    if result is None and compute.ready(sample, params):
        result = compute.cluster(sample, params)
    if result is None:
        missing, pinned = training.what_is_missing(sample, params), _pinned(sample, state.shown_matching(sample))
        return Shown(sample=sample, params=params, theme=theme, preset=preset, missing=missing, pinned=pinned)
    _remember_direction(sample, result)
    matching = _followed(sample, result)
    return ShownResult(
        sample=sample,
        params=params,
        theme=theme,
        preset=preset,
        result=result,
        matching=matching,
        run=known_runs.kept(sample, params, file),
        pinned=_pinned(sample, matching),
    )


def _followed(sample: Sample, result: Result) -> Matching:
    """Match clusters with layers so that this move changes as few colours as possible."""
    before = state.shown_matching(sample)
    if before is not None and before.labels is result.labels:
        return before
    matching = match_steadily(result.labels, sample.labels_true, before)
    state.remember_matching(sample, matching)
    return matching


def _pinned(sample: Sample, beside: Matching | None) -> Pinned | None:
    _pin_as_asked(sample)
    result = state.pinned(sample.content_hash)
    if result is None:
        return None
    drawn = match_steadily(result.labels, sample.labels_true, beside) if state.comparing() else None
    return Pinned(result=result, matching=drawn)


def _pin_as_asked(sample: Sample) -> None:
    """Pin what the address asks for, once its model is there."""
    if (asked := state.asked_pin()) is not None and compute.ready(sample, params := forms.params_of(sample, asked)):
        state.pin(sample.content_hash, compute.cluster(sample, params))


def _remember_direction(sample: Sample, result: Result) -> None:
    if result.direction is not None and result.direction.method != "manual":
        state.remember_angle(sample, result.direction.angle)
