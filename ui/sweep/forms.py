"""Forms for a new sweep: its samples, its grid or search, its starts, and how long it will take."""

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import knobs, units
from core.errors import ParameterError
from core.guidance import Guidance
from core.io.lab import SampleSummary
from core.params import MethodParams
from core.sample import Sample
from core.text import counted
from core.work.sweep import suggestions
from core.work.sweep.estimate import Estimate
from core.work.sweep.guiding import GuidedBy
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.varied import NEEDS_ANNOTATION, Axis, Range, Search, objectives
from ui.data import compute, jobs
from ui.shell import fields, forms, guards, session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown
from ui.sweep import guiding, state, sweeps
from ui.sweep.labels import SCORE_LABELS, knob_label, value_label

_GRID, _SEARCH = "Grid", "Search"
_NO_KNOB = "None"
_MOST_STARTS, _MOST_TRIALS = 50, 2000
_KEEP: dict[str, Any] = {"persist_state": "session"}


def starting_point(sample: Sample) -> None:
    """Show in the sidebar the settings that all runs start from, and offer the presets."""
    forms.preset_picker(sample)
    moved = forms.moved(sample)
    knobs_moved = ", ".join(
        f"{knob_label(knobs.names()[path])} {value_label(knobs.names()[path], value)}" for path, value in moved.items()
    )
    st.caption(
        f"Runs start from these settings{', with ' + as_markdown(knobs_moved) if knobs_moved else ''}. Turn single knobs on Tune."
    )


def new_sweep(summary: SampleSummary) -> None:
    """Ask for a sweep, and start it."""
    guidance = guiding.ask(summary.path.name)
    readable = [one for one in compute.samples() if not one.problem and guiding.may_follow(guidance, one)]
    kind_of, starts_of, sections_of = st.columns([1, 1, 2], gap="medium")
    kind = kind_of.segmented_control(
        "Kind", [_GRID, _SEARCH], default=_GRID, required=True, key=session.widget_key("sweep", "kind"),
        help="A grid tries every value of one or two knobs. A search uses the results so far to choose the next settings.",
        **_KEEP,
    )  # fmt: skip
    with starts_of:
        n_starts = _starts(kind or _GRID, guidance)
    with sections_of:
        chosen = _samples(summary, readable)
    guidances = [guidance, *(guiding.of_another(guidance) for _ in chosen[1:])]
    of_each = list(zip(chosen, guidances, strict=True))
    sections = tuple(sweeps.section(one, forms.params(compute.sample(one)), own) for one, own in of_each)
    annotated = all(guiding.is_scored(compute.sample(one), own) for one, own in of_each)
    first = sections[0]
    axes, search = (_axes(first), None) if kind == _GRID else ((), _search(first, annotated=annotated))
    sweep = None if axes is None else Sweep(sections=sections, axes=axes, search=search, n_starts=n_starts)
    _start(sweep, compute.sample(summary), [own for own in guidances if own is not None])


def _samples(summary: SampleSummary, readable: Sequence[SampleSummary]) -> list[SampleSummary]:
    by_name = {one.path.name: one for one in readable}
    # The shown sample is always one of them; the key resets the choice when the sample changes.
    more = st.multiselect(
        "More samples",
        [name for name in by_name if name != summary.path.name],
        format_func=lambda name: by_name[name].name,
        key=session.widget_key("sweep", "sections", summary.path.name),
        placeholder=f"{summary.name} alone",
        help="The sweep also runs all settings on these.",
        **_KEEP,
    )
    return [summary, *(by_name[name] for name in more)]


def _axes(section: Section) -> tuple[Axis, ...] | None:
    """Ask for one or two knobs and their values; None if a value is invalid, which the page says beside it."""
    params, names = section.params, suggestions.relevant(section.params, section.guided_by)
    rows, first = _axis(0, names, names[0] if len(names) < 3 else _default_rows(names), params)
    others = [_NO_KNOB, *(name for name in names if name != rows)]
    columns, second = _axis(1, others, "x_weight" if "x_weight" in others else "refinement", params)
    if first is None or (second is None and columns != _NO_KNOB):
        return None
    return (first,) if second is None else (first, second)


def _default_rows(names: Sequence[str]) -> str:
    return next((name for name in ("window", "n_clusters") if name in names), names[0])


def _axis(index: int, names: Sequence[str], default: str, params: MethodParams) -> tuple[str, Axis | None]:
    left, right = st.columns([1, 3], gap="medium")
    knob = left.selectbox(
        "Rows" if index == 0 else "Columns",
        names,
        index=list(names).index(default) if default in names else 0,
        format_func=knob_label,
        key=session.widget_key("sweep", "knob", str(index)),
        help="The knob to turn." if index == 0 else "A second knob, or none.",
        **_KEEP,
    )
    if knob == _NO_KNOB or knob is None:
        return _NO_KNOB, None
    axis = None
    with right, guards.shown_as_message():
        axis = Axis(knob=knob, values=_values(index, knob, params))
    return knob, axis


def _values(index: int, knob: str, params: MethodParams) -> tuple[Any, ...]:
    path, suggested = knobs.path_of(knob), suggestions.values(knob, params)
    declared, key = knobs.declared(path).metadata, session.widget_key("sweep", "values", str(index), knob)
    if declared["choices"]:
        choices = declared["choices"]
        return tuple(
            st.multiselect("Values", list(choices), default=list(suggested), format_func=choices.get, key=key, **_KEEP)
        )
    text = st.text_input(
        "Values",
        ", ".join(_typed(path, value) for value in suggested),
        key=key,
        help=f"Separate values with commas. {declared['help']}",
        **_KEEP,
    )
    try:
        return tuple(knobs.read_value(path, part.strip()) for part in (text or "").split(",") if part.strip())
    except ParameterError as error:
        example = ", ".join(_typed(path, value) for value in suggested[:3])
        raise ParameterError(f"{knob_label(knob)}: {error} Separate values with commas, as in {example}.") from error


def _typed(path: knobs.KnobPath, value: Any) -> str:
    in_words = knobs.value_in_words(path, value)
    # An angle of whole tenths of a degree; others stand in radians, which the field reads, too.
    return in_words if knobs.read_value(path, in_words) == value else units.plain(value)


def _search(section: Section, *, annotated: bool) -> Search:
    params, names = section.params, suggestions.relevant(section.params, section.guided_by)
    left, right = st.columns([3, 1], gap="medium", vertical_alignment="bottom")
    chosen = left.multiselect(
        "Knobs to turn", names, default=list(suggestions.to_search(params, section.guided_by)), format_func=knob_label,
        key=session.widget_key("sweep", "search knobs", ",".join(names)), **_KEEP,
    )  # fmt: skip
    with right:
        objective = _objective(annotated=annotated)
    ranges = tuple(_range(knob, params) for knob in chosen)
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        help_text = "The number of settings to try."
        n_trials = fields.own_number(
            "Trials", session.widget_key("sweep", "trials"), 50, 1, _MOST_TRIALS, step=1, help=help_text
        )
    with right:
        help_text = "The same seed tries the same settings."
        seed = fields.own_number(
            "Search seed", session.widget_key("sweep", "search seed"), 0, 0, 2**31 - 1, step=1, help=help_text
        )
    prune = params.embedding.needs_training and st.checkbox(
        "Stop trainings that do worse than most", key=session.widget_key("sweep", "prune"),
        help="Compares losses, as a share of the variance of the inputs, from the fifth epoch on.", **_KEEP,
    )  # fmt: skip
    return Search(objective=objective, n_trials=int(n_trials), ranges=ranges, random_state=int(seed), prune=bool(prune))


def _objective(*, annotated: bool) -> str:
    names = [name for name in objectives() if annotated or name not in NEEDS_ANNOTATION]
    if not names:
        raise ParameterError(
            "Without an annotation there is no score to search for: sweep a grid and compare the maps."
        )
    chosen = st.selectbox(
        "Look for",
        names,
        format_func=lambda name: SCORE_LABELS[name][0],
        key=session.widget_key("sweep", "objective", str(annotated)),
        help="ARI and NMI use the annotation, so the settings that they find are fitted to it. The others do not use it.",
        **_KEEP,
    )
    return str(chosen)


def _range(knob: str, params: MethodParams) -> Range:
    default = suggestions.search_range(knob, params)
    if default.choices:
        st.caption(f"{knob_label(knob)}: all of {', '.join(default.choices)}")
        return default
    low_of, high_of, log_of = st.columns([3, 3, 2], gap="medium", vertical_alignment="bottom")
    with low_of:
        low = _end(knob, "from", default.low, whole=default.whole)
    with high_of:
        high = _end(knob, "to", default.high, whole=default.whole)
    log = log_of.checkbox(
        "By factors", default.log, key=session.widget_key("sweep", "range", knob, "log"),
        help="Search on a logarithmic scale, where a factor of 2 counts the same everywhere. Suits weights.", **_KEEP,
    )  # fmt: skip
    return Range(knob=knob, low=low, high=high, log=log)


def _end(knob: str, end: str, default: float, *, whole: bool) -> float:
    """Ask for an end of a range; an angle in degrees."""
    declared, key = knobs.declared(knobs.path_of(knob)).metadata, session.widget_key("sweep", "range", knob, end)
    label = f"{knob_label(knob)}, {end}"
    if declared["angle"]:
        turned = fields.own_number(f"{label} (degrees)", key, round(math.degrees(default), 1), -180.0, 180.0, step=1.0)
        return units.radians(turned)
    kind, shape = (int, {"step": 1}) if whole else (float, {"format": "%.6g", "step": None})
    return float(fields.own_number(label, key, kind(default), kind(declared["min"]), kind(declared["max"]), **shape))


def _starts(kind: str, guidance: Guidance | None) -> int:
    if guidance is not None and not GuidedBy.of(guidance).learns:
        return 1  # which gives the same domains from every start
    help_text = "Runs of each setting, each with its own seed. They show how much the start alone matters."
    default = 3 if kind == _GRID and guidance is None else 1
    key = session.widget_key("sweep", "starts", kind, *(("guided",) if guidance else ()))
    return int(fields.own_number("Starts", key, default, 1, _MOST_STARTS, step=1, help=help_text))


def _start(sweep: Sweep | None, sample: Sample, guidances: Sequence[Guidance]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            on_primary("Start sweep", disabled=sweep is None), type="primary", key=session.widget_key("sweep", "start"), on_click=_begin, args=(sweep, guidances),
            disabled=sweep is None,
            help="The sweep runs in the background, even when you leave, reload or close this page. An equal sweep continues where it is.",
        )  # fmt: skip
        st.caption("Correct the values above first." if sweep is None else _how_much(sweep, sample))


def _begin(sweep: Sweep, guidances: Sequence[Guidance]) -> None:
    with guards.kept_for_the_page():
        sweeps.start(sweep, guidances)
        state.choose_sweep(sweep.id)
        state.fold_form()


def _how_much(sweep: Sweep, sample: Sample) -> str:
    n_sections = len(sweep.sections)
    what = f"{sweep.n_settings} {'trials' if sweep.search else 'settings'}"
    times = f" × {counted(n_sections, 'section')}" * (n_sections > 1) + f" × {counted(sweep.n_starts, 'start')}" * (
        sweep.n_starts > 1
    )
    n_workers = jobs.board().n_workers
    found = sweeps.estimate(sweep, sample.n_spots, _timed(sweep, sample))
    about = f", about {_between(found)}" if found else ", with an unknown duration until a run was timed"
    return f"{what}{times} = {counted(sweep.n_runs, 'run')}{about} on {counted(n_workers, 'process', 'processes')}."


def _between(found: Estimate) -> str:
    low, high = units.duration(found.low), units.duration(found.high)
    return low if low == high else f"{low} to {high}"


def _timed(sweep: Sweep, sample: Sample) -> dict[str, float] | None:
    params = sweep.sections[0].params
    trained = knobs.in_groups("embedding", "network")
    if not compute.ready(sample, params) or any(knobs.path_of(knob) in trained for knob in sweep.knobs):
        return None
    return compute.cluster(sample, params).seconds
