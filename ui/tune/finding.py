"""Find what Tune shows. Only this part of the page stores the direction for the next move; it draws nothing."""

import dataclasses

from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from ui.data import compute
from ui.shell import domain_names, forms, known_runs, session
from ui.tune import state, training
from ui.tune.shown import Pinned, Shown, ShownResult


def find(sample: Sample, params: MethodParams, file: str) -> Shown:
    """Find what to show, and store its direction for the next move of this session."""
    theme, preset = session.theme(), session.settings().preset
    result = known_runs.kept_result(sample, params, file)
    if result is None and compute.ready(sample, params):
        result = compute.cluster(sample, params)
    if result is None:
        missing, pinned = training.what_is_missing(sample, params), _pinned(sample)
        return Shown(sample=sample, params=params, theme=theme, preset=preset, missing=missing, pinned=pinned)
    _remember_direction(sample, result)
    run = known_runs.kept(sample, params, file)
    return ShownResult(
        sample=sample,
        params=params,
        theme=theme,
        preset=preset,
        result=result,
        matching=domain_names.domains(sample, result.labels, run),
        run=run,
        pinned=_pinned(sample),
    )


def find_default_angle(sample: Sample) -> bool:
    """Find where a direction by hand starts from, if no run has on this sample: a link may begin by hand. True if it is new."""
    params = forms.params(sample)
    searched = dataclasses.replace(params, direction=forms.standard(sample).direction)
    if (
        params.direction.method != "manual"
        or state.found_angle(sample) is not None
        or not compute.ready(sample, searched)
    ):
        return False
    found = compute.direction(sample, searched)
    if found is not None:
        state.remember_angle(sample, found.angle)
    return found is not None


def _pinned(sample: Sample) -> Pinned | None:
    _pin_as_asked(sample)
    result = state.pinned(sample.content_hash)
    if result is None:
        return None
    return Pinned(result=result, matching=domain_names.domains(sample, result.labels) if state.comparing() else None)


def _pin_as_asked(sample: Sample) -> None:
    """Pin what the address asks for, once its model is there."""
    if (asked := state.asked_pin()) is not None and compute.ready(sample, params := forms.params_of(sample, asked)):
        state.pin(sample.content_hash, compute.cluster(sample, params))


def _remember_direction(sample: Sample, result: Result) -> None:
    if result.direction is not None and result.direction.method != "manual":
        state.remember_angle(sample, result.direction.angle)
