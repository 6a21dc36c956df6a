"""Find what Tune shows. Only this part of the page stores the direction for the next move; it draws nothing."""

import dataclasses

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import units
from core.errors import DomainsError
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from ui.data import compute, turns
from ui.data.finding import Finding
from ui.data.seats import Person
from ui.shell import domain_names, forms, known_runs, session
from ui.tune import state, training
from ui.tune.shown import Pinned, Shown, ShownResult

_QUIET_SECONDS, _SECONDS_BETWEEN_WORDS = 1.0, 0.25
FINDING_WORDS = "tune-finding-words"
"""Key of the words on a run that takes long: where they are, page.css shows the button that cancels it."""


def find(sample: Sample, params: MethodParams, file: str, words: DeltaGenerator) -> Shown:
    """Find what to show, and store its direction for the next move of this session; `words` say how far it is, from a second on."""
    theme, preset, missing = session.theme(), session.settings().preset, ""
    result = known_runs.kept_result(sample, params, file)
    if result is None and compute.ready(sample, params):
        if state.is_cancelled(compute.result_key(sample, params)):
            return state.last_result(sample) or _nothing(sample, params)
        try:
            result = _found(sample, params, words)
        except DomainsError as error:
            missing = str(error)  # told in the place of the map: nothing moves
    if result is None:
        missing, pinned = missing or training.what_is_missing(sample, params), _pinned(sample)
        return Shown(sample=sample, params=params, theme=theme, preset=preset, missing=missing, pinned=pinned)
    _remember_what_was_found(sample, result)
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


def _found(sample: Sample, params: MethodParams, words: DeltaGenerator) -> Result:
    """Run the method in a thread, and say how far it is once it takes long; saying so is where a press ends the wait."""
    finding = state.present_finding()
    if finding is None or finding.key != compute.result_key(sample, params) or finding.ended_unwanted:
        finding = compute.find(sample, params, state.waits_as())
    if finding is None:
        return compute.cluster(sample, params)
    state.wait_for(finding)
    with turns.of_redraws().lent(Person.here()):
        _wait(finding, words)
    words.empty()
    return compute.cluster(sample, params) if finding.ended_unwanted else finding.result()


def _wait(finding: Finding, words: DeltaGenerator) -> None:
    if not finding.done(_QUIET_SECONDS):
        with words.container(key=FINDING_WORDS):
            line = st.empty()
        while not finding.done(_SECONDS_BETWEEN_WORDS):
            line.caption(_how_far(finding))


def _how_far(finding: Finding) -> str:
    left = finding.seconds_left
    return "Time left: not known yet" if left is None else f"About {units.duration(left)} left"


def buttons() -> None:
    """Offer to end the wait, or to go on after that; outside the parts of the page, which may draw no widget beyond themselves."""
    with st.container(key="tune-finding-cancel", width="content"):
        st.button(
            "Cancel finding",
            key=session.widget_key("end finding"),
            type="tertiary",
            help="End the wait: the maps of before stay, and steps that are done are not lost.",
            on_click=state.cancel_finding,
        )
    with st.container(key="tune-finding-go-on", width="content"):
        st.button("Go on", key=session.widget_key("go on finding"), type="tertiary", on_click=state.go_on_finding)


def say_cancelled(sample: Sample, words: DeltaGenerator) -> None:
    """Say that the maps are those of before, which page.css dims, where it said how far the run was; nothing where none was cancelled."""
    if state.is_cancelled(compute.result_key(sample, forms.params(sample))):
        before = "; the maps are of the settings before" if state.last_result(sample) else ""
        words.container(key="tune-cancelled").caption(f"Cancelled{before}. The running step still ends, unseen.")


def _nothing(sample: Sample, params: MethodParams) -> Shown:
    theme, preset = session.theme(), session.settings().preset
    return Shown(sample=sample, params=params, theme=theme, preset=preset, missing="Finding domains\nwas cancelled")


def find_default_angle(sample: Sample) -> None:
    """Find where a direction by hand starts from, if no run has on this sample: a link may begin by hand."""
    params = forms.params(sample)
    searched = dataclasses.replace(params, direction=forms.standard(sample).direction)
    if (
        params.direction.method != "manual"
        or state.found_angle(sample) is not None
        or not compute.ready(sample, searched)
    ):
        return
    if (found := compute.direction(sample, searched)) is not None:
        state.remember_angle(sample, found.angle)


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


def _remember_what_was_found(sample: Sample, result: Result) -> None:
    if result.averaging is not None:
        state.remember_window(sample, result.averaging.window)
    if result.direction is not None and result.direction.method != "manual":
        state.remember_angle(sample, result.direction.angle)
