"""Which results of a sweep to show: the view, and the sample and the score where there are several. The address holds them."""

import streamlit as st

from core.text import shown as quoted
from core.work.sweep.sweeps import SweepSnapshot
from ui.shell import address as page_address
from ui.shell import session
from ui.shell.guards import as_markdown
from ui.sweep import section_runs, state
from ui.sweep.address import PART
from ui.sweep.labels import MAPS, SCORE_LABELS, SCORES, SEARCH_VIEWS, TABLE

_WIDTH = 180


def choose(status: SweepSnapshot) -> tuple[str, int, str]:
    """Ask for the view, the sample and the score; give the view's name, the number of the sample, and the score."""
    view, section = _view(status), _section(status)
    score = _score(status, section)
    page_address.write(page_address.shown_file(), PART)
    return view, section, score


def _view(status: SweepSnapshot) -> str:
    names = [MAPS, SCORES, TABLE] if status.plan.sweep.search is None else [MAPS, *SEARCH_VIEWS, TABLE]
    key, wanted = session.widget_key("sweep", "view", str(len(names))), state.view().name
    session.show_unless_shown(key, wanted if wanted in names else MAPS)
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


def _section(status: SweepSnapshot) -> int:
    names, wanted = [section.name for section in status.plan.sweep.sections], state.view().sample
    if wanted and wanted not in names:
        st.warning(as_markdown(f"The sweep has no sample {quoted(wanted, 40)}, so this is {names[0]}."))
    if len(names) == 1:
        return 0
    key = session.widget_key("sweep", "section", status.id)
    session.show_unless_shown(key, names.index(wanted) if wanted in names else 0)
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


def _score(status: SweepSnapshot, section: int) -> str:
    search = status.plan.sweep.search
    names = section_runs.known_scores(status, section)
    if search is not None or len(names) < 2:
        return search.objective if search else "ari"
    key, wanted = session.widget_key("sweep", "score", ",".join(names)), state.view().score
    session.show_unless_shown(key, wanted if wanted in names else names[0])
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
