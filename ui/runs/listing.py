"""The list of kept runs: its filters, its table, and the runs chosen in it.

The session remembers chosen runs by their ids, so filters, sorting and new runs do not change the choice.
"""

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from core.knobs import KnobPath, declared, names, step_of, value_in_words
from core.people import called
from core.report.facts import SCORES
from core.report.settings import NO_PART
from core.text import counted
from core.text import shown as quoted
from core.work.runs import Run
from ui.data.record import record
from ui.runs import rows, state
from ui.runs.rows import Fold
from ui.shell import session, table_columns
from ui.shell.guards import as_markdown

_MANY = 200
"""From this many new runs on, the page shows the progress of reading them."""

_ROW_PX, _MOST_ROWS = 35, 16  # more rows would push the maps of chosen runs out of sight
_MOST_KNOBS = 10
_STARRED, _DELETED = "Starred", "Deleted"
_EVERY_RUN, _BY_HAND = "Every run of every sweep", "Kept by hand"
_OPENS = "sweep:"
_CLUSTERS: KnobPath = ("clustering", "n_clusters")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listing:
    """The runs that the page lists.

    Parameters
    ----------
    runs : list of Run
        Those that pass the filters and have a row of their own, the latest first.
    folds : list of Fold
        Sweeps with a row for all of their runs that pass the filters.
    everything : list of Run
        All runs, without filters.
    deleted : bool
        Whether these are the deleted runs.
    nothing_yet : bool
        Whether there are no runs at all, not even deleted ones.
    titles : dict of str to str
        What the page calls each run, by id.
    """

    runs: list[Run]
    everything: list[Run]
    folds: list[Fold] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    nothing_yet: bool = False


def listing() -> Listing:
    """Ask which runs to list, and read them."""
    filters = st.empty()
    with filters.container(key="runs-filters"):
        listed = _ask()
    if listed.everything or listed.deleted or record().runs(deleted=True):
        return listed
    filters.empty()  # there is nothing to filter
    return Listing(runs=[], everything=[], nothing_yet=True)


def damaged() -> str:
    """Say which runs cannot be read; empty where all can."""
    return record().said_of_damaged


def _ask() -> Listing:
    show, samples, sweeps, find = st.columns([1.7, 2, 3.3, 2.8], gap="small")  # as wide as what they say
    with show:
        chosen = _picker("Show", "show", state.ALL, [_STARRED, _DELETED], "Choose Deleted to restore deleted runs.")
    everything = _read(deleted=chosen == _DELETED)
    with find:
        wanted = _text_filter()
    with samples:
        names = sorted({run.sample_name for run in everything})
        sample = _picker("Sample", "sample", state.ALL_SAMPLES, names, "List the runs on one sample only.")
    with sweeps:
        sweep = _sweep_picker(everything)
    titles = rows.titles(everything)
    runs = [
        run
        for run in everything
        if (chosen != _STARRED or run.starred)
        and sample in (state.ALL_SAMPLES, run.sample_name)
        and sweep in (state.FOLDED, _EVERY_RUN, run.sweep or _BY_HAND)
        and all(word in _searched_text(run, titles[run.id]) for word in wanted)
    ]
    folds: list[Fold] = []
    if sweep == state.FOLDED and chosen != _DELETED:
        runs, folds = rows.folded(runs)
    return Listing(runs=runs, everything=everything, folds=folds, titles=titles, deleted=chosen == _DELETED)


def _text_filter() -> list[str]:
    text = st.text_input(
        "Find",
        key=state.filter_key("find"),
        placeholder="Any words",
        help="List the runs whose name, note, sample or person contains every word.",
        icon=":material/search:",
        persist_state="session",
    )
    return str(text or "").lower().split()


def _picker(
    label: str,
    name: str,
    everything: str,
    others: Sequence[str],
    help_text: str,
    called: Callable[[str], str] = str,
) -> str:
    key, choices = state.filter_key(name), [everything, *others]
    if (wanted := st.session_state.get(key, everything)) not in choices:  # an address may ask for anything
        st.warning(as_markdown(f"There is no {quoted(str(wanted), 40)} here to list runs by."))
        session.show(key, everything)
    chosen = st.selectbox(
        label,
        choices,
        format_func=called,
        key=key,
        help=help_text,
        disabled=not others,
        persist_state="session",
    )
    return str(chosen or everything)


def _sweep_picker(everything: Sequence[Run]) -> str:
    latest = {run.sweep: run for run in reversed(everything) if run.sweep}
    sizes = Counter(run.sweep for run in everything)

    def called(sweep: str) -> str:
        run = latest.get(sweep)
        return (
            sweep if run is None else f"{run.sample_name}, {counted(sizes[sweep], 'run')}, {run.created:%Y-%m-%d %H:%M}"
        )

    choices = [_EVERY_RUN, _BY_HAND, *reversed(latest)] if latest else []
    help_text = (
        "Whether the runs of a sweep have one row together, which opens, or one each; or the runs of one sweep only."
    )
    return _picker("Sweeps", "sweep", state.FOLDED, choices, help_text, called)


def _searched_text(run: Run, title: str) -> str:
    return f"{title} {run.note} {called(run.who)} {run.sample_name} {run.guided} {run.id}".lower()


def _read(*, deleted: bool) -> list[Run]:
    progress = st.empty()  # the first reading of many runs takes seconds

    def show_progress(n_read: int, n_new: int) -> None:
        if n_new > _MANY:
            progress.progress(n_read / n_new, f"Reading {n_read:,} of {n_new:,} runs")

    runs = record().runs(deleted=deleted, on_read=show_progress)
    progress.empty()
    return runs


def nothing_yet() -> None:
    """Explain how to keep a first run."""
    with st.container(border=True):
        st.markdown("**No run is kept here yet**")
        st.markdown(
            "Find settings that you like on Tune and press Keep. The run is then listed here with its labels, scores and settings, so that "
            "you can compare, share and download it. Import brings in a run that somebody sent you."
        )
        with st.container(horizontal=True):
            st.page_link("pages/tune.py", label="Open Tune", icon=":material/tune:")
            st.page_link(
                "pages/sweep.py", label="Open Sweep, which keeps many runs at once", icon=":material/grid_view:"
            )


def table(listed: Listing) -> None:
    """Show the list, and remember what the user chooses in it."""
    ids = [*(run.id for run in listed.runs), *(_OPENS + fold.sweep for fold in listed.folds)]
    chosen = set(state.chosen_runs())
    key = session.widget_key("runs", "table", hashlib.blake2b("".join(ids).encode(), digest_size=8).hexdigest())
    with st.container(key="runs-list"):  # the table's own tools open above it, where page.css leaves room
        st.dataframe(
            _frame(listed),
            height=_ROW_PX * (min(len(ids), _MOST_ROWS) + 1) + 3,
            hide_index=True,
            column_config=_COLUMNS,
            placeholder=NO_PART,
            key=key,
            on_select=functools.partial(_choose, key, ids),
            selection_mode="multi-row",
            selection_default={"selection": {"rows": [index for index, run in enumerate(ids) if run in chosen]}},
            alt=f"Table with {counted(len(ids), 'row')}. Arrow keys move in it, Shift with Space ticks a row.",
        )
    opens = " Tick a sweep to list its runs; Sweeps, above, leads back." if listed.folds else ""
    st.caption(f"Tick rows to act on runs or compare them, by keyboard with Shift and Space.{opens}")


def _choose(key: str, ids: Sequence[str]) -> None:
    """Remember which listed runs are chosen; runs that filters hide stay chosen."""
    ticked = [ids[row] for row in session.shown(key)["selection"]["rows"] if row < len(ids)]
    opened = [row.removeprefix(_OPENS) for row in ticked if row.startswith(_OPENS)]
    if opened:
        session.show(state.filter_key("sweep"), opened[0])
        return
    before, listed = state.chosen_runs(), set(ids)
    kept = [run for run in before if run not in listed or run in ticked]
    state.choose_runs([*kept, *ticked])


def chosen(listed: Listing) -> list[Run]:
    """Look up the chosen runs in the order of choosing, including those that filters hide."""
    there = {run.id: run for run in listed.everything}
    return [there[run] for run in state.chosen_runs() if run in there]


_COLUMNS: dict[str, Any] = {
    # Pinned: which run a row is stays in sight where its columns take more room than the page has.
    "★": st.column_config.TextColumn(width=36, pinned=True, help="★ is starred; ▸ is a sweep that opens"),
    "Name": st.column_config.TextColumn(width=280, pinned=True),
    "Guided": st.column_config.TextColumn(
        width=140, help="What people gave to it: it is not label-free, and scored on spots that they did not show."
    ),
    **{words.name: table_columns.column(name, words.help) for name, words in SCORES.items()},
    "Seconds": st.column_config.NumberColumn(format="%.2f", help="How long the first computation took."),
    "Made": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", help="UTC"),
}
_SCORES = {"ARI": "ari", "NMI": "nmi", "PAS": "pas", "Stability": "stability"}


def _frame(listed: Listing) -> pd.DataFrame:
    """Make the table; a sweep has the scores of its best run."""
    folds = listed.folds
    runs = [*listed.runs, *(fold.best for fold in folds)]
    columns: dict[str, list[Any]] = {
        "★": [*("★" if run.starred else "" for run in listed.runs), *("▸" for _ in folds)],
        "Name": table_columns.texts([*(listed.titles[run.id] for run in listed.runs), *(fold.title for fold in folds)]),
        "Sample": table_columns.texts([*(run.sample_name for run in listed.runs), *map(_samples, folds)]),
    }
    if any(run.guided for run in runs):
        columns["Guided"] = table_columns.texts(run.guided for run in runs)
    scores = {
        name: table_columns.values(field, [getattr(run.scores, field, None) for run in runs])
        for name, field in _SCORES.items()
    }
    columns |= {name: values for name, values in scores.items() if any(value is not None for value in values)}
    columns |= {name: values + [None] * len(folds) for name, values in _knobs(listed.runs).items()}
    columns |= {
        "Made": [run.created.replace(tzinfo=None) for run in runs],
        "By": table_columns.texts(map(_by, runs)),
        "Seconds": [sum(run.seconds.values()) for run in runs],
        "Note": table_columns.texts(
            [*(run.note for run in listed.runs), *("Scores are those of its best run." for _ in folds)]
        ),
    }
    return pd.DataFrame({name: values for name, values in columns.items() if name != "By" or any(values)})


def _by(run: Run) -> str:
    return f"{called(run.who) or 'Somebody'}, imported and not checked" if run.imported else called(run.who)


def _samples(fold: Fold) -> str:
    return ", ".join(sorted({run.sample_name for run in fold.runs}))


def _knobs(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Make a column for the clusters, and one for each knob that differs between runs."""
    found = [rows.values_of(run.params) for run in runs]
    columns: dict[str, list[Any]] = {}
    for path in [_CLUSTERS, *(path for path in names() if path != _CLUSTERS)]:
        # Of a guided run it is no number of its domains, which its guidance tells.
        guided = [bool(run.guided) and path == _CLUSTERS for run in runs]
        values = [None if is_guided else of_run[path] for of_run, is_guided in zip(found, guided, strict=True)]
        if path == _CLUSTERS or len(set(values)) > 1:
            columns[_heading(path, columns)] = _cells(path, values)
    return dict(list(columns.items())[:_MOST_KNOBS])


def _heading(path: KnobPath, taken: Collection[str]) -> str:
    label = str(declared(path).metadata["label"])
    return f"{label} ({step_of(path).lower()})" if label in taken else label


def _cells(path: KnobPath, values: Sequence[Any]) -> list[Any]:
    said = declared(path).metadata["said"]
    in_words = declared(path).metadata["choices"] or declared(path).metadata["angle"] or any(v in said for v in values)
    return [value_in_words(path, value) if in_words and value is not None else value for value in values]
