"""Results of a sweep, during and after it: maps and scores, each of which opens in Tune."""

import functools
import io
from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core import knobs, units
from core.errors import SampleError
from core.figures import contact_sheet
from core.figures import sweeps as charts
from core.figures.colours import Theme
from core.figures.contact_sheet import Side, Tile
from core.io.lab import SampleSummary
from core.people import called
from core.sample import Sample
from core.text import counted
from core.work.board.job import JobStatus
from core.work.runs import Run
from core.work.sweep import results as sweep_results
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.results import Index
from core.work.sweep.search import study_of
from core.work.sweep.sweeps import SweepSnapshot
from core.work.sweep.varied import Search
from ui.data import compute, jobs, user
from ui.data.record import record
from ui.shell import guards, redraw, run_links, session, table_columns
from ui.shell.charts import downloads, show, wide
from ui.shell.guards import as_markdown
from ui.sweep import choice, guiding, section_runs, state, sweeps
from ui.sweep.labels import (
    MAPS,
    SCORE_LABELS,
    SCORES,
    SEARCH_VIEWS,
    TABLE,
    knob_label,
    preset_label,
    title,
    value_label,
)
from ui.sweep.section_runs import SectionRuns

_NOT_LABEL_FREE = "These runs are not label-free; ARI and NMI count spots that nobody painted."

Tried = list[tuple[dict[str, object], float]]
"""The swept knobs' values and the score of each trial."""

_SECONDS_BETWEEN_LOOKS, _SECONDS_BETWEEN_PICTURES = 1.0, 3.0
_MOST_TILES = 24
_TUNE, _GUIDE = "pages/tune.py", "pages/guide.py"
_CONFIG = {"displayModeBar": False, "scrollZoom": False}


def picker() -> SweepSnapshot | None:
    """Ask which sweep of this server to show; None before the first one."""
    known = {status.id: status for status in sweeps.sweeps().all()}
    if not known:
        st.info("No sweep has run here yet. Choose the knobs to turn above, then press Start sweep.")
        return None
    if (wanted := session.sweep_id()) is not None and wanted not in known:
        st.warning("The requested sweep is not on this server, so this is the latest one.")
    return known[_choose(known)]


def results(status: SweepSnapshot, theme: Theme) -> None:
    """Show the progress and the results of a sweep; both refresh themselves while it runs."""
    running = status.running
    st.fragment(_progress, run_every=_SECONDS_BETWEEN_LOOKS if running else None)(status.id, running)
    st.fragment(_views, run_every=_SECONDS_BETWEEN_PICTURES if running else None)(status.id, theme)


def _choose(known: dict[str, SweepSnapshot]) -> str:
    key, wanted = session.widget_key("sweep", "chosen"), session.sweep_id()
    titles = {sweep_id: title(status) for sweep_id, status in known.items()}
    session.show_unless_shown(key, wanted if wanted in known else next(iter(known)), *titles.items())
    chosen = st.selectbox(
        "Sweep",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        help="All sweeps of this server, the latest first.",
        on_change=lambda: state.choose_sweep(session.shown(key)),
    )
    return str(chosen)


def _progress(sweep_id: str, was_running: bool) -> None:
    status = sweeps.sweeps().find(sweep_id)
    if status is None:
        return
    if was_running and not status.running:
        st.rerun()  # the page is drawn once more, without this timer
    outcome, n_runs = status.outcome, status.plan.sweep.n_runs
    if status.running:
        starts = not outcome.n_done and not status.message and not status.elsewhere
        message = _awaited(sweep_id) if starts else status.message
        done = f"{outcome.n_done + status.n_under_way:,} of {counted(n_runs, 'run')}"
        st.progress(status.share, f"{done}. {_time_left(status)} {as_markdown(message)}")
    _buttons(status)
    for reason in sorted(set(outcome.failed.values())):
        n_failed = sum(one == reason for one in outcome.failed.values())
        st.warning(f"{counted(n_failed, 'run')} failed: {as_markdown(reason)}")
    if outcome.error:
        st.warning(as_markdown(outcome.error))


def _awaited(sweep_id: str) -> str:
    """Say what a sweep without runs waits for, as long as none of its tasks runs."""
    running = [job for job in jobs.jobs() if job.status is JobStatus.RUNNING]
    if any(job.about.sweep == sweep_id for job in running):
        return ""
    return "Its tasks wait in the queue." if running else "Starting the workers."


def _time_left(status: SweepSnapshot) -> str:
    return (
        "Time left: not known yet."
        if status.seconds_left is None
        else f"About {units.duration(status.seconds_left)} left."
    )


def _buttons(status: SweepSnapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if not user.may_cancel(status.plan.who):
            st.caption(f"Only {as_markdown(called(status.plan.who))} may pause, cancel or continue this sweep.")
        elif status.running and status.elsewhere:
            st.caption("Another server works on this sweep, where it can be paused and cancelled.")
        elif status.running:
            _button("Pause", "pause", sweeps.sweeps().pause, status.id, "Runs that have started are finished first.")
            _button("Cancel", "cancel", sweeps.sweeps().cancel, status.id, "End the sweep now. Recorded runs are kept.")
        elif status.outcome.status is not SweepStatus.DONE or status.outcome.failed:
            n_done, n_runs = status.outcome.n_done, status.plan.sweep.n_runs
            _button("Go on", "go on", sweeps.go_on, status.id, "Compute the runs that are not recorded yet.")
            st.caption(f"{n_done:,} of {counted(n_runs, 'run')} are recorded.")


def _button(label: str, name: str, act: Callable[[str], None], sweep_id: str, help: str) -> None:
    st.button(
        label, key=session.widget_key("sweep", name), on_click=redraw.whole_page(act), args=(sweep_id,), help=help
    )


def _views(sweep_id: str, theme: Theme) -> None:
    status = sweeps.sweeps().find(sweep_id)
    if status is None or not status.outcome.runs:
        return
    with guards.shown_as_message():
        row = st.container(horizontal=True, vertical_alignment="center")
        with row:
            view, section, score = choice.choose(status)
        shown = section_runs.found(status, section, score, theme)
        sample, file = _sample(shown)
        if (guided_by := shown.guided_by) is not None:
            st.caption(as_markdown(f"{guiding.in_words(guided_by)} {_NOT_LABEL_FREE}"))
        _VIEWS.get(view, _maps)(shown, sample, file, row)


def _sample(shown: SectionRuns) -> tuple[Sample, SampleSummary]:
    wanted = shown.sweep.sections[shown.section]
    for summary in compute.samples():
        if summary.name == wanted.name and not summary.problem:
            sample = compute.sample(summary)
            if sample.content_hash == wanted.content_hash:
                return sample, summary
    raise SampleError(
        f"The sample {wanted.name} is no longer here, or now holds other data. Its runs are recorded, but cannot be drawn."
    )


def _maps(shown: SectionRuns, sample: Sample, file: SampleSummary, row: DeltaGenerator) -> None:
    best = shown.ranked[0]
    st.caption(_about_maps(shown))
    figure = _sheet(shown, sample)
    description = f"Small maps of {counted(len(shown.by_index), 'setting')} on {sample.name}."
    with wide(description):  # rows are as high as the maps of a wide window
        event = st.plotly_chart(
            figure, theme=None, config=_CONFIG, on_select="rerun", selection_mode="points",
            key=session.widget_key("sweep", "sheet", shown.status.id, str(shown.section)), alt=description,
        )  # fmt: skip
    with row, st.container(horizontal=True, vertical_alignment="center", width="content"):  # to a new row together
        _best_button(shown, sample, file, best)
        downloads(figure, f"{sample.name}_sweep_{shown.status.id}", shown.origin)
    points = event["selection"]["points"]
    if points:
        _open(sample, file, shown.typical(tuple(points[0]["customdata"])))


def _about_maps(shown: SectionRuns) -> str:
    text = f"Preset {preset_label(shown.status)}. Click a map to open it in {_page_of(shown)}."
    if shown.score:
        text += f" Below each: {SCORE_LABELS[shown.score][0]}"
        text += " on spots that nobody painted" * (shown.guided_by is not None)
        text += ", mean and standard deviation over starts." if shown.sweep.n_starts > 1 else "."
    if shown.sweep.search and len(shown.by_index) > _MOST_TILES:
        text += f" The best {_MOST_TILES} of {len(shown.by_index)} trials; the table has all."
    return text


def _best_button(shown: SectionRuns, sample: Sample, file: SampleSummary, best: Index) -> None:
    if shown.score and st.button(
        f"Best in {_page_of(shown)}", key=session.widget_key("sweep", "open best"), type="tertiary", icon=":material/tune:",
        help=f"Open the settings with the best {SCORE_LABELS[shown.score][0]}: {as_markdown(_turned(shown, best))}.",
        on_click=_take, args=(sample, file, shown.typical(best)),
    ):  # fmt: skip
        _switch(shown.typical(best))


def _page_of(shown: SectionRuns) -> str:
    return "Tune" if shown.guided_by is None else "Guide"


def _open(sample: Sample, file: SampleSummary, run: Run) -> None:
    _take(sample, file, run)
    _switch(run)


def _switch(run: Run) -> None:
    """Show the run on the page for its kind: guided ones by their link, as Guide shows what guided them."""
    if run.guided:
        st.switch_page(_GUIDE, query_params={"run": run.id})
    st.switch_page(_TUNE)


def _take(sample: Sample, file: SampleSummary, run: Run) -> None:
    if run.guided:
        return  # its link brings all of it, unless a knob was moved
    session.choose_sample(file.path.name)
    session.take_settings(run_links.settings_for(run.params, sample))


def _sheet(shown: SectionRuns, sample: Sample) -> go.Figure:
    theme, sweep = shown.theme, shown.sweep
    if sweep.search is not None:
        indices = shown.ranked[:_MOST_TILES]
        n_tiles = min(_MOST_TILES, sweep.n_settings)
    else:
        indices, n_tiles = sorted(shown.by_index), sweep.n_settings
    tiles = _tiles(shown, sample, indices)
    shape, legend = (
        _height_by_width(tiles[0]),
        section_runs.legend_of(sample, [shown.typical(index) for index in indices], theme),
    )
    if len(sweep.axes) == 2:
        rows, columns = _sides(shown)
        return contact_sheet.on_grid(tiles, rows, columns, height_by_width=shape, legend=legend, theme=theme)
    return contact_sheet.in_rows(tiles, n_tiles=n_tiles, height_by_width=shape, legend=legend, theme=theme)


def _tiles(shown: SectionRuns, sample: Sample, indices: Sequence[Index]) -> list[Tile]:
    scores = shown.scores
    best = shown.ranked[0] if shown.score and len(shown.by_index) > 1 else None
    on_grid = len(shown.sweep.axes) == 2
    return [
        Tile(
            index=index,
            png=section_runs.map_of(sample, shown.typical(index), shown.theme),
            caption=_caption(shown, index, scores, on_grid),
            hover=_hover(shown, index),
            best=index == best,
        )
        for index in indices
    ]


def _caption(shown: SectionRuns, index: Index, scores: dict[Index, tuple[float, ...]], on_grid: bool) -> str:
    score = charts.spread_in_words(scores[index], shown.score) if index in scores else ""
    if on_grid:
        return score
    values = sweep_results.turned(shown.sweep, shown.by_index[index][0])
    turned = " · ".join(value_label(name, value) for name, value in values.items())
    return f"{turned}: {score}" if score else turned


def _hover(shown: SectionRuns, index: Index) -> str:
    names = sweep_results.known_scores(shown.by_index[index])
    starts = [
        f"Seed {run.params.clustering.random_state}: {', '.join(section_runs.score_labels(run.scores, names[:2]))}"
        for run in shown.by_index[index]
    ]
    return "<br>".join([_turned(shown, index).replace(", ", "<br>"), *starts])


def _turned(shown: SectionRuns, index: Index) -> str:
    values = sweep_results.turned(shown.sweep, shown.by_index[index][0])
    return ", ".join(f"{knob_label(name)} {value_label(name, value)}" for name, value in values.items())


def _height_by_width(tile: Tile) -> float:
    width, height = Image.open(io.BytesIO(tile.png)).size
    return float(height / width)


def _sides(shown: SectionRuns) -> list[Side]:
    return [
        Side(name=knob_label(axis.knob), values=[value_label(axis.knob, value) for value in axis.values])
        for axis in shown.sweep.axes
    ]


def _scores(shown: SectionRuns, sample: Sample, file: SampleSummary, row: DeltaGenerator) -> None:
    if not shown.score:
        st.info("These runs have no score: compare their maps.")
        return
    name, description = SCORE_LABELS[shown.score]
    st.caption(description)
    sides = _sides(shown)
    if len(sides) == 2:
        figure = charts.heat_map(shown.scores, sides[0], sides[1], name, unit=shown.score, theme=shown.theme)
    else:
        figure = charts.curve(shown.scores, sides[0], name, unit=shown.score, theme=shown.theme)
    show(figure, f"{name} of {len(shown.scores)} settings on {sample.name}.")
    with row:
        _best_button(shown, sample, file, shown.ranked[0])
        downloads(figure, f"{sample.name}_{shown.score}_{shown.status.id}", shown.origin)


def _table(shown: SectionRuns, sample: Sample, file: SampleSummary, row: DeltaGenerator) -> None:
    indices, names = shown.ranked, sweep_results.known_scores([run for runs in shown.by_index.values() for run in runs])
    columns: dict[str, list[object]] = {}
    for knob in shown.sweep.knobs:
        values = [sweep_results.turned(shown.sweep, shown.by_index[index][0])[knob] for index in indices]
        told = knobs.declared(knobs.path_of(knob)).metadata
        in_words = told["angle"] or told["choices"] or any(value in told["said"] for value in values)
        columns[knob_label(knob)] = [value_label(knob, value) for value in values] if in_words else values
    for name in names:
        by_index = sweep_results.scores_by_setting(shown.by_index, name)
        means = [float(sum(by_index[index]) / len(by_index[index])) for index in indices]
        columns[SCORE_LABELS[name][0]] = [*table_columns.values(name, means)]
    columns["Starts"] = [len(shown.by_index[index]) for index in indices]
    st.caption(
        f"The best settings come first. Scores are means over starts. Choose a row to open it in {_page_of(shown)}."
    )
    numbers = {SCORE_LABELS[name][0]: table_columns.column(name, SCORE_LABELS[name][1]) for name in names}
    event = st.dataframe(
        columns, hide_index=True, on_select="rerun", selection_mode="single-row", column_config=numbers,
        key=session.widget_key("sweep", "table", shown.status.id, str(shown.section)),
    )  # fmt: skip
    with row:
        _best_button(shown, sample, file, shown.ranked[0])
    if event["selection"]["rows"]:
        _open(sample, file, shown.typical(indices[event["selection"]["rows"][0]]))


def _search_chart(
    draw: Callable[[Search, Tried, dict[str, str], Theme], go.Figure],
    shown: SectionRuns,
    sample: Sample,
    file: SampleSummary,
    row: DeltaGenerator,
) -> None:
    del file
    search = shown.sweep.search
    runs = record().runs(sweep=shown.status.id)
    tried = [] if search is None else sweep_results.tried(shown.sweep, search, shown.status.outcome, runs)
    if search is None or len({score for _, score in tried}) < 2:
        st.info("This chart needs two trials with different scores.")
        return
    labels = {item.knob: knob_label(item.knob) for item in search.ranges}
    with st.spinner("Drawing the chart"):
        figure = draw(search, tried, labels, shown.theme)
    show(figure, f"Chart of {len(tried)} trials on {sample.name}.")
    with row:
        downloads(figure, f"{sample.name}_search_{shown.status.id}", shown.origin)


def _history(search: Search, tried: Tried, labels: dict[str, str], theme: Theme) -> go.Figure:
    del labels
    name, description = SCORE_LABELS[search.objective]
    st.caption(f"{description} Dots: trials. Line: the best so far.")
    return charts.history(
        [score for _, score in tried], name, unit=search.objective, maximise=search.maximise, theme=theme
    )


def _importances(search: Search, tried: Tried, labels: dict[str, str], theme: Theme) -> go.Figure:
    st.caption("How much of the differences between trials each knob explains (fANOVA).")
    return charts.importances(study_of(search, tried), labels, theme=theme)


def _slices(search: Search, tried: Tried, labels: dict[str, str], theme: Theme) -> go.Figure:
    st.caption("Scores of the trials against each knob; later trials stand out more.")
    return charts.slices(
        study_of(search, tried), labels, SCORE_LABELS[search.objective][0], unit=search.objective, theme=theme
    )


def _parallel(search: Search, tried: Tried, labels: dict[str, str], theme: Theme) -> go.Figure:
    st.caption("A line for each trial. Drag along an axis to keep only the trials that pass there.")
    return charts.parallel(
        study_of(search, tried), labels, SCORE_LABELS[search.objective][0], unit=search.objective, theme=theme
    )


_CHARTS_OF_SEARCHES = dict(zip(SEARCH_VIEWS, (_history, _importances, _slices, _parallel), strict=True))

_VIEWS: dict[str, Callable[..., None]] = {
    MAPS: _maps,
    SCORES: _scores,
    TABLE: _table,
    **{name: functools.partial(_search_chart, draw) for name, draw in _CHARTS_OF_SEARCHES.items()},
}
