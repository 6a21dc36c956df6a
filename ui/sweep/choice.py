"""Which results of a sweep to show: the view, and the sample and the score where there are several. The address holds them."""

import streamlit as st

from core.figures.colours import Theme
from core.text import shown as quoted
from core.work.sweep import results as sweep_results
from core.work.sweep.sweeps import SweepSnapshot
from ui.shell import address as page_address
from ui.shell import session
from ui.shell.guards import as_markdown
from ui.sweep import section_runs, state
from ui.sweep.address import PART
from ui.sweep.labels import MAPS, SCORE_LABELS, SCORES, SEARCH_VIEWS, TABLE
from ui.sweep.section_runs import SectionRuns

_WIDTH = 180


def choose(status: SweepSnapshot, theme: Theme) -> tuple[str, SectionRuns]:
    """Ask for the view, the sample and the score; give the view's name, and the runs to show."""
    view, chosen = _view(status), _runs(status, theme)
    page_address.write(page_address.shown_file(), PART)
    return view, chosen


def _view(status: SweepSnapshot) -> str:
    names = [MAPS, SCORES, TABLE] if status.plan.sweep.search is None else [MAPS, *SEARCH_VIEWS, TABLE]
    key, wanted = session.widget_key("sweep", "view", str(len(names))), state.view().name
    session.show(key, wanted if wanted in names else MAPS)
    chosen = st.segmented_control(
        "View",
        names,
        required=True,
        key=key,
        label_visibility="collapsed",
        width="stretch",
        on_change=lambda: state.change_view(name=session.shown(key) if session.shown(key) != MAPS else ""),
    )
    return str(chosen)


def _runs(status: SweepSnapshot, theme: Theme) -> SectionRuns:
    search = status.plan.sweep.search
    section = _section(status)
    found = section_runs.found(status, section, search.objective if search else "ari", theme)
    names = sweep_results.known_scores([run for runs in found.by_index.values() for run in runs])
    if search is not None or len(names) < 2:
        return found
    return section_runs.found(status, section, _score(names), theme)


def _section(status: SweepSnapshot) -> int:
    names, wanted = [section.name for section in status.plan.sweep.sections], state.view().sample
    if wanted and wanted not in names:
        st.warning(as_markdown(f"The sweep has no sample {quoted(wanted, 40)}, so this is {names[0]}."))
    if len(names) == 1:
        return 0
    key = session.widget_key("sweep", "section", status.id)
    session.show(key, names.index(wanted) if wanted in names else 0)
    return int(
        st.selectbox(
            "Sample",
            range(len(names)),
            format_func=names.__getitem__,
            key=key,
            label_visibility="collapsed",
            width=_WIDTH,
            on_change=lambda: state.change_view(sample=names[session.shown(key)]),
        )
    )


def _score(names: list[str]) -> str:
    key, wanted = session.widget_key("sweep", "score", ",".join(names)), state.view().score
    session.show(key, wanted if wanted in names else names[0])
    return str(
        st.selectbox(
            "Score",
            names,
            format_func=lambda name: SCORE_LABELS[name][0],
            key=key,
            label_visibility="collapsed",
            width=_WIDTH,
            on_change=lambda: state.change_view(score=session.shown(key)),
        )
    )
