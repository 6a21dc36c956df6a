"""What Tune remembers in a session: pinned results, whether to draw them, the chart, and the last map's direction."""

import uuid
from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.recent import with_latest
from core.result import Result
from core.sample import Sample
from ui.data.finding import Finding
from ui.shell import asking, session
from ui.shell.session import Settings
from ui.tune import selected
from ui.tune.shown import Asked, AskedSplit, Shown, ShownResult, Split

_PINNED, _COMPARING, _FOUND_ANGLE, _SHOWN = "pinned", "comparing", "found angle", "shown"
_FOUND_WINDOW = "found window"

_ASKED_PIN = "pin of the address"

CHARTS = (
    "Depth profile",
    "Confusion",
    "Flow",
    "Repeats",
    "Confidence",
    "How many",
    "Three runs",
    "Markers",
    "Tree",
    "Inside",
    "Expression",
    "Ask",
)
"""Charts below the maps, the first by default."""

Drawn = tuple[Shown, np.ndarray | None]
"""What the maps show, and which of its spots are selected."""

MAX_PINNED = 16
"""Most samples with a pinned result in a session."""


def pin(content_hash: str, result: Result) -> None:
    """Pin a result, to compare others of the same sample with it."""
    st.session_state[_PINNED] = with_latest(_pins(), content_hash, result, MAX_PINNED)
    ask_for_pin(None)


def unpin(content_hash: str) -> None:
    """Unpin the result of a sample."""
    st.session_state[_PINNED] = {key: kept for key, kept in _pins().items() if key != content_hash}


def ask_for_pin(settings: Settings | None) -> None:
    """Keep which settings the address asks to be pinned, until there is a result of them; None where it asks for none."""
    st.session_state[_ASKED_PIN] = settings, session.n_sample_changes()


def asked_pin() -> Settings | None:
    """Look up which settings the address asks to be pinned for the chosen sample."""
    settings, at = st.session_state.get(_ASKED_PIN, (None, 0))
    return settings if at == session.n_sample_changes() else None


def of_address() -> object:
    """Give all that the address says of this page, to be compared."""
    pins = {key: kept.params for key, kept in _pins().items()}
    asked_of_charts = tree_cut(), branch(), domain_of_markers(), axes(), asking.chosen()
    return pins, asked_pin(), comparing(), chart(), *asked_of_charts


UMAP, N_FACTORS = "UMAP", 8
"""What the expression space shows beside factors, and how many of these an axis can show at most."""
_FACTORS = tuple(f"Factor {number + 1}" for number in range(N_FACTORS))
AXES: Mapping[str, tuple[str, ...]] = {"across": (*_FACTORS, UMAP), "up": _FACTORS}
"""Entries of the address for the axes of the expression space, and what each may show."""


def axis_key(entry: str) -> str:
    """Make the key of the field for an axis of the expression space."""
    return session.widget_key("expression", entry)


def axes() -> dict[str, str]:
    """Look up the axes of the expression space that somebody chose."""
    chosen = {entry: st.session_state.get(axis_key(entry)) for entry in AXES}
    first = dict(zip(AXES, _FACTORS, strict=False))
    return {entry: axis for entry, axis in chosen.items() if axis is not None and axis != first[entry]}


def take_axes(wanted: Mapping[str, str]) -> None:
    """Choose the axes of the expression space, before they are drawn; those that are not given are the first two factors."""
    for entry, first in zip(AXES, _FACTORS, strict=False):
        session.show(axis_key(entry), wanted.get(entry, first))


CHART_KEY = session.widget_key("chart")


def chart() -> str:
    """Look up the chart below the maps."""
    return str(st.session_state.get(CHART_KEY) or CHARTS[0])


def choose_chart(name: str) -> None:
    """Choose the chart below the maps, before it is drawn."""
    session.show(CHART_KEY, name)


def tree_cut() -> int | None:
    """Look up into how many domains the tree is cut; None for as many as the result has."""
    wanted: int | None = st.session_state.get(_CUT)
    return wanted


def cut_tree(n_domains: int | None) -> None:
    """Cut the tree into so many domains; None for as many as the result has."""
    st.session_state[_CUT] = n_domains


def domain_of_markers() -> int | None:
    """Look up the cluster whose marker genes somebody chose; None for the first."""
    chosen: int | None = st.session_state.get(_MARKERS_OF)
    return chosen


def choose_domain_of_markers(cluster: int | None) -> None:
    """Choose the cluster whose marker genes are listed; None for the first."""
    st.session_state[_MARKERS_OF] = cluster


def branch() -> str | None:
    """Look up the branch of the tree that is chosen."""
    name: str | None = st.session_state.get(_BRANCH)
    return name


def choose_branch(name: str | None) -> None:
    """Choose a branch of the tree, or none."""
    st.session_state[_BRANCH] = name


def asked(sample: Sample, partition: str) -> Asked:
    """Look up what is asked of the chart below the maps."""
    of, splits = st.session_state.get(_SPLITS, ("", ()))
    return Asked(
        cut=tree_cut(),
        branch=branch(),
        splits=splits if of == partition else (),
        splits_of_address=st.session_state.get(_SPLITS_ASKED, ()),
        selected=selected.of(sample),
    )


def keep_splits(partition: str, chosen: tuple[Split, ...]) -> None:
    """Keep which domains of a partition were clustered again; those of other partitions, and of the address, are forgotten."""
    st.session_state[_SPLITS] = partition, chosen
    st.session_state[_SPLITS_ASKED] = ()


def ask_for_splits(asked: tuple[AskedSplit, ...]) -> None:
    """Keep which domains an address asks to be clustered again, until they are shown."""
    keep_splits("", ())
    st.session_state[_SPLITS_ASKED] = asked


def splits() -> tuple[Split | AskedSplit, ...]:
    """Look up which domains of the shown partition are clustered again, or are to be."""
    drawn, (of, kept) = shown(), st.session_state.get(_SPLITS, ("", ()))
    there = isinstance(drawn[0], ShownResult) and drawn[0].partition == of if drawn is not None else bool(of)
    return tuple(kept) if kept and there else tuple(st.session_state.get(_SPLITS_ASKED, ()))


_SPLITS, _SPLITS_ASKED = "domains clustered again", "splits of the address"
_CUT, _BRANCH = "cut of the tree", "branch of the tree"
_MARKERS_OF = "domain of marker genes"


def pinned(content_hash: str) -> Result | None:
    """Look up the pinned result of a sample."""
    return _pins().get(content_hash)


def _pins() -> dict[str, Result]:
    stored: dict[str, Result] = st.session_state.get(_PINNED, {})
    return stored


def comparing() -> bool:
    """Whether to draw the pinned map."""
    return bool(st.session_state.get(_COMPARING, False))


def compare(wanted: bool) -> None:
    """Draw the pinned map beside the predicted one, or stop drawing it."""
    st.session_state[_COMPARING] = wanted


def show(drawn: Drawn | None) -> None:
    """Hand what the maps show, and which of its spots are selected, to what is told of it; None where they show nothing."""
    st.session_state[_SHOWN] = drawn
    if drawn is not None and isinstance(drawn[0], ShownResult):
        st.session_state[_LAST] = drawn[0]


def shown() -> Drawn | None:
    """Look up what the maps show, and which of its spots are selected."""
    drawn: Drawn | None = st.session_state.get(_SHOWN)
    return drawn


def found_angle(sample: Sample) -> float | None:
    """Look up the angle in radians that the last run found, if it was on this sample."""
    of, angle = st.session_state.get(_FOUND_ANGLE, ("", None))
    return angle if of == sample.content_hash else None


def found_window(sample: Sample) -> int | None:
    """Look up the window that the last run found, if it was on this sample and left it to the tissue."""
    of, window = st.session_state.get(_FOUND_WINDOW, ("", None))
    return window if of == sample.content_hash else None


def remember_window(sample: Sample, window: int) -> None:
    """Keep the window that a run found, to be shown by its knob."""
    st.session_state[_FOUND_WINDOW] = sample.content_hash, window


def remember_angle(sample: Sample, angle: float) -> None:
    """Keep the angle in radians that a run found, as the start for a direction by hand."""
    st.session_state[_FOUND_ANGLE] = sample.content_hash, angle


def present_finding() -> Finding | None:
    """Look up the run that this session waits for, or waited for last."""
    found: Finding | None = st.session_state.get(_FINDING)
    return found


def waits_as() -> str:
    """Name this session to the runs that it waits for, which others may wait for, too."""
    return str(st.session_state.setdefault(_WAITS_AS, uuid.uuid4().hex))


def wait_for(finding: Finding) -> None:
    """Wait for a run; the one before is no longer wanted here."""
    if (before := present_finding()) is not None and before is not finding:
        before.leave(waits_as())
    finding.want(waits_as())
    st.session_state[_FINDING] = finding


def cancel_finding() -> None:
    """End the run that this session waits for; its settings are not computed until somebody goes on."""
    if (finding := present_finding()) is not None:
        finding.leave(waits_as())
        st.session_state[_CANCELLED] = finding.key


def go_on_finding() -> None:
    """Compute what was cancelled."""
    st.session_state.pop(_CANCELLED, None)


def is_cancelled(key: str) -> bool:
    """Whether the result with this key was cancelled last."""
    return bool(st.session_state.get(_CANCELLED) == key)


def last_result(sample: Sample) -> ShownResult | None:
    """Look up what the maps showed last of a sample."""
    last: ShownResult | None = st.session_state.get(_LAST)
    return last if last is not None and last.sample.content_hash == sample.content_hash else None


_FINDING, _CANCELLED, _LAST = "finding", "cancelled finding", "last result"
_WAITS_AS = "waits as"

STEPS_COOKIE, STEPS_AWAY = "spca_steps", "seen"


def put_steps_away() -> None:
    """Show the three first steps no more."""
    st.session_state[_STEPS_PUT_AWAY] = True


def steps_just_put_away() -> bool:
    """Whether the steps were put away in this session."""
    return bool(st.session_state.get(_STEPS_PUT_AWAY))


def steps_are_away() -> bool:
    """Whether the steps were put away in this session, or earlier in this browser."""
    return steps_just_put_away() or st.context.cookies.get(STEPS_COOKIE, "") == STEPS_AWAY


_STEPS_PUT_AWAY = "first steps put away"
