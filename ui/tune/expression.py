"""The expression space on Tune: spots placed by factors or by UMAP, linked with the maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.figures.expression import MOST_POINTS, expression_space
from core.sample import Sample
from core.work.board.board import JobStatus
from ui.data import compute, jobs
from ui.shell import maps, session
from ui.shell.charts import Chart, show_selectable
from ui.shell.job_progress import offer, watch
from ui.tune import maps as own_maps
from ui.tune import redraw, selected
from ui.tune.nested import domains_of
from ui.tune.shown import ShownResult
from ui.tune.state import N_FACTORS, UMAP, axis_key

_MAP, _SCATTER = session.widget_key("expression map"), session.widget_key("expression space")


def view(shown: ShownResult) -> Chart | None:
    """Draw spots by expression beside a map: what is lit in one is lit in the other, and in the maps above."""
    sample = shown.sample
    factors = compute.factor_space(sample, shown.params)
    x, y = _axes(min(N_FACTORS, factors.shape[1]))
    at = _laid_out(shown) if x == UMAP else factors[:, [_index(x), _index(y)]]
    if at is None:
        return None
    titles = (f"{UMAP} 1", f"{UMAP} 2") if x == UMAP else (x, y)
    held = shown.asked.selected
    figure = expression_space(at, shown.result.labels, domains_of(shown), titles, lit=held.spots, theme=shown.theme)
    description = f"Spots of {sample.name} by {' and '.join(titles)}, in the colours of their domains."
    scatter, picture = st.columns([3, 2], gap="medium")
    with scatter:
        # Another key takes away the outline of a lasso that no longer holds what is selected.
        key = f"{_SCATTER} {held.number_elsewhere(_SCATTER)}"
        show_selectable(figure, description, key, "lasso", lambda: _take(key, sample))
        if sample.n_spots > MOST_POINTS:
            st.caption(
                f"{MOST_POINTS:,} of {sample.n_spots:,} spots are drawn, evenly chosen by their order in the file; a lasso here selects "
                "among these."
            )
    with picture:
        maps.draw(
            _MAP,
            sample,
            [own_maps.predicted(shown, "On the tissue")],
            shown.theme,
            on_selection=lambda: selected.take_lasso(sample, _MAP),
            choice=held.choice_for(_MAP),
        )
    return figure, description


def _axes(n_factors: int) -> tuple[str, str]:
    names = [f"Factor {number + 1}" for number in range(n_factors)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        x = _pick("Across", [*names, UMAP], "across", 0)
        y = "" if x == UMAP else _pick("Up", names, "up", min(1, n_factors - 1))
        st.caption(
            "Drag around spots to light them on the map and above; a lasso there lights them here. A double click selects none.",
            width="stretch",
            help="Factors are directions of expression that change smoothly over the tissue; the first do so most clearly. UMAP lays all of "
            "them out in a plane: who is near whom means something, distances between groups do not.",
        )
    return x, y


def _pick(label: str, names: Sequence[str], entry: str, first: int) -> str:
    key = axis_key(entry)
    if st.session_state.get(key) not in names:  # an address may ask for more factors than there are
        session.show(key, names[first])
    act = redraw.whole_page(lambda: None)  # which writes the address
    return st.selectbox(label, names, key=key, width=150, persist_state="session", on_change=act)


def _index(name: str) -> int:
    return int(name.split()[-1]) - 1


def _laid_out(shown: ShownResult) -> np.ndarray | None:
    """Show UMAP, its progress, or the button that starts it."""
    sample, params = shown.sample, shown.params
    job = jobs.layout(sample, params)
    if job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        offer(
            "Lay out by UMAP",
            "umap",
            lambda: jobs.lay_out(sample, params),
            job,
            "The last layout was cancelled.",
            "Runs in the background, and is kept for this sample.",
        )
        return None
    if not job.finished:
        watch(job.id, "layout")
        return None
    found: np.ndarray = job.result
    return found


def _take(key: str, sample: Sample) -> None:
    points: list[dict[str, Any]] = st.session_state[key]["selection"]["points"]
    spots = np.unique([int(np.ravel(point["customdata"])[0]) for point in points]).astype(int)
    selected.select(sample, spots, _SCATTER)
