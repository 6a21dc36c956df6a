"""Advice and charts below the maps of Tune.

Only the chosen chart is computed, drawn and sent.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import units
from core.averaging import chosen_in_words
from core.depth import SET_ASIDE, FoundDirection, support_in_words
from core.evaluation.advice import advise
from core.evaluation.share import Shares, share_in_words
from core.figures.confidence import confidence_map
from core.figures.confusion import confusion
from core.figures.depth import depth_profile
from core.figures.flow import flow
from core.figures.repeats import repeats
from core.figures.shares import share_bar
from core.figures.three_runs import three_runs
from core.params import PRESETS, MethodParams
from core.result import Result
from core.sample import Sample
from core.text import counted
from core.work.board.board import Job, JobStatus
from ui.data import compute, jobs
from ui.shell import asking, guards, session, terms
from ui.shell.charts import Chart, downloads, show
from ui.shell.guards import as_markdown
from ui.shell.job_progress import offer, watch
from ui.tune import expression, how_many, inside, maps, markers, redraw, state, thickness, tree
from ui.tune.shown import Asked, Shown, ShownResult

N_REPEATS = 10
N_RUNS = 3
_DEPTH, _MARKERS, _RECOMMENDED = "Depth profile", "Markers", "recommended"


def advice(shown: ShownResult) -> None:
    """Show the shares of position and expression in the distance, and give advice if the method fails."""
    sample, result = shown.sample, shown.result
    shares = compute.distance_shares(sample, result)
    found = advise(result, sample.coordinates, sample.labels_true, shares, shown.matching.names)
    bar, notes = st.columns([1, 2], gap="medium")
    with bar:
        _share_of_the_distance(shares, shown)
    with notes:
        for item in found:
            st.caption(f":material/lightbulb: {as_markdown(item.sentence)}")
        if not found:
            st.caption(
                ":material/check: No advice: this result shows none of the known ways in which the method fails. This does not "
                "mean that the domains are right."
            )
        _recommended_button(shown)


def _recommended_button(shown: Shown) -> None:
    if shown.preset != _RECOMMENDED:
        st.button(
            f"Try the preset {PRESETS[_RECOMMENDED]}",
            key=session.widget_key("try recommended"),
            icon=":material/auto_awesome:",
            type="tertiary",
            help="Uses spatial factors, a depth that bends with the layers, and a consensus of mixtures. On annotated cortex it comes far closer "
            "to the experts' layers than the paper's settings, in seconds. The arrow at the top of the page goes back."
            + terms.more_on("Factors", "Depth", "Consensus"),
            on_click=redraw.whole_page(session.choose_preset),
            args=(_RECOMMENDED,),
        )


def _share_of_the_distance(shares: Shares | None, shown: Shown) -> None:
    if shares is None and shown.params.clustering.by_kmeans:
        st.caption(
            "Share of the distance: unknown",
            help="The share needs the trained autoencoder of this run, which is not here. Train it first.",
        )
        return
    if shares is None:
        st.caption(
            "Share of the distance: none",
            help="The tied mixture measures every feature by its spread within domains, so there is no distance to share.",
        )
        return
    description = (
        f"Position makes up {share_in_words(shares.position)} of the squared distance between spots, expression "
        f"{share_in_words(shares.expression)}."
    )
    st.caption(
        "Share of the distance",
        help=f"The parts of the distance that k-means uses. {description} The knob X weight changes it.",
    )
    show(share_bar(shares, theme=shown.theme), description)


def chosen(shown: ShownResult) -> None:
    """Say in a line what was chosen for this tissue."""
    if words := chosen_in_words(shown.result.averaging, shown.result.direction):
        st.caption(words)


@st.fragment
def charts(shown: ShownResult, choose: Callable[[DeltaGenerator], str], ask: Callable[[Sample, str], Asked]) -> None:
    """Draw the chart that is chosen in a row of controls, with its downloads; what is asked of it may change without the rest."""
    shown = dataclasses.replace(shown, asked=ask(shown.sample, shown.partition))
    row = st.container(horizontal=True, vertical_alignment="center")
    chosen = choose(row)
    with guards.shown_as_message():
        chart = _CHARTS[chosen](shown)
        if chart is not None:
            if chosen not in _DRAWN_BESIDE_A_MAP:
                show(*chart)
            with row:
                downloads(chart[0], f"{shown.sample.name}_{chosen.lower().replace(' ', '_')}", shown.origin)
        if chosen in _BELOW:
            _BELOW[chosen](shown)


def _depth_profile(shown: ShownResult) -> Chart:
    sample = shown.sample
    found = compute.shown_direction(sample, shown.result)
    st.caption(_depth_in_words(found, off=shown.result.direction is None))
    positions, unit = compute.positions_um(sample, found), sample.coordinates.length_unit
    if not np.isfinite(positions).all():
        st.caption(
            f"{counted(int(np.isnan(positions).sum()), 'spot lies', 'spots lie')} on ways that never meet the middle depth."
        )
    figure = depth_profile(
        found.depth_um(sample.coordinates),
        sample.labels_true,
        shown.matching,
        positions_um=positions,
        unit=unit,
        theme=shown.theme,
    )
    way = "that bends with the layers" if found.bend is not None else f"along {units.degrees(found.angle)}"
    words = "µm" if sample.unit_known else "units of the file, as nobody said how long one is"
    return (
        figure,
        f"Share of each label along a depth {way} of {sample.name}; distances along the ways across the layers, in {words}.",
    )


def _depth_in_words(found: FoundDirection, *, off: bool) -> str:
    if off:
        return f"The direction is off, so depth is along {units.degrees(found.angle)}, which is found from expression."
    if found.bend is None:
        return f"Depth runs along {units.degrees(found.angle)}. If the direction is right, labels follow one another with sharp borders."
    explains = f"explains {support_in_words(found)} of the structure of expression where it was not learnt"
    if found.takes_part:
        return f"Depth bends with the layers and {explains}, so it takes part in the clustering."
    if found.set_aside:
        return f"The best depth {explains}, but {SET_ASIDE}, so principal components without depth took the place of factors."
    return f"The best depth {explains}; {found.why_not} in the clustering, so that domains are not cut into stripes."


def _confusion(shown: ShownResult) -> Chart | None:
    sample, matching = shown.sample, shown.matching
    if sample.labels_true is None:
        _needs_annotation()
        return None
    pairs = sum(layer is not None for layer in matching.layers.values())
    st.caption("Number of spots of each layer (row) in each domain (column), and their share of the layer.")
    figure = confusion(sample.labels_true, matching, theme=shown.theme)
    return (
        figure,
        f"Table of annotated layers by domains of {sample.name}; {counted(pairs, 'domain is', 'domains are')} matched with a layer.",
    )


def _flow(shown: ShownResult) -> Chart | None:
    sample, matching = shown.sample, shown.matching
    if sample.labels_true is None:
        _needs_annotation()
        return None
    st.caption("Domains (right) of the spots in each annotated layer (left).")
    figure = flow(sample.labels_true, matching, theme=shown.theme)
    return figure, f"Streams of spots from the annotated layers to the domains of {sample.name}."


def _needs_annotation() -> None:
    st.info(
        "This sample has no annotation to compare the domains with. The depth profile and the repeats do not need one."
    )


def _repeats(shown: ShownResult) -> Chart | None:
    sample, params = shown.sample, shown.params
    job = jobs.repeats(sample, params, N_REPEATS)
    if job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        _offer_repeats(sample, params, job)
    elif not job.finished:
        watch(job.id, "repeat")
    else:
        runs: list[Result] = job.result
        figure = repeats(sample, runs, theme=shown.theme)
        return (
            figure,
            f"Scores of {len(runs)} starts on {sample.name}, and a map of how often each spot keeps its label.",
        )
    return None


def _offer_repeats(sample: Sample, params: MethodParams, ended: Job | None) -> None:
    offer(
        f"Run {N_REPEATS} starts",
        "repeat",
        lambda: jobs.repeat(sample, params, N_REPEATS),
        ended,
        "The last repeats were cancelled.",
        "Runs these settings again with the next seeds, to show how much the start alone matters.",
    )


def _confidence(shown: ShownResult) -> Chart | None:
    sample, confidence = shown.sample, shown.result.confidence
    if confidence is None:
        st.info(
            "k-means is a single fit, so there is nothing to compare a spot's domain with. Choose Repeats to compare several starts, or "
            "the tied mixture as read-out, which has several fits."
        )
        return None
    st.caption(
        "The domains are a consensus of several fits. Confidence is the share of fits in which a spot keeps its domain. It is "
        "low at gradual borders, and where only some fits split a domain."
    )
    figure = confidence_map(sample.coordinates, confidence, shown.matching, sample.labels_true, theme=shown.theme)
    return (
        figure,
        f"Mean confidence of each domain of {sample.name}, and a map of how often each spot keeps its domain.",
    )


def _three_runs(shown: ShownResult) -> Chart:
    with st.spinner(f"Running {N_RUNS} seeds", show_time=True):
        runs = [compute.start(shown.sample, shown.params, index) for index in range(N_RUNS)]
    figure = three_runs(shown.sample, runs, theme=shown.theme)
    return figure, f"Three runs on {shown.sample.name} that differ in their seed alone, beside the annotation."


def _ask(shown: ShownResult) -> None:
    partitions = [maps.predicted(shown), *maps.annotated(shown, "Annotated")]
    asking.part(asking.asked(shown.sample, shown.theme, partitions, shown.asked.selected.spots))


_VIEWS = (
    _depth_profile,
    _confusion,
    _flow,
    _repeats,
    _confidence,
    how_many.view,
    _three_runs,
    markers.dots,
    tree.view,
    inside.view,
    expression.view,
    _ask,
)
_CHARTS: dict[str, Callable[[ShownResult], Chart | None]] = dict(zip(state.CHARTS, _VIEWS, strict=True))
_DRAWN_BESIDE_A_MAP = ("Tree", "Expression")
_BELOW: dict[str, Callable[[ShownResult], None]] = {_DEPTH: thickness.tables, _MARKERS: markers.tables}
"""What stands below a chart."""
