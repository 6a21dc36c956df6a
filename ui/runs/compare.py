"""Chosen runs side by side: linked maps, agreement, a score of each layer, and different settings."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core import units
from core.evaluation.matching import Matching
from core.evaluation.stability import adjusted_rand
from core.figures.colours import STYLES, Theme
from core.figures.origin import Origin, of_several
from core.figures.runs import agreement_of_runs, scores_by_layer
from core.report.facts import scores_in_facts
from core.report.settings import NO_PART, settings
from core.result import Result
from core.sample import Sample
from core.text import shortened
from core.work.runs import Run
from ui.data import compute, kept_runs
from ui.data.kept_runs import KeptRun
from ui.runs.actions import MOST_SIDE_BY_SIDE
from ui.shell import maps, session, table_columns, truth_picker
from ui.shell.charts import downloads, show
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap
from ui.tissue_view.component import MAX_MAPS

Numbered = Mapping[int, KeptRun]
"""Runs by their number on the page."""
Domains = Mapping[str, Matching]
"""Domains of runs by the id of the run."""


def side_by_side(chosen: Sequence[KeptRun], found: Domains, theme: Theme) -> None:
    """Show the chosen runs, with their domains by the id of the run."""
    if not chosen:
        return
    if len(chosen) > MOST_SIDE_BY_SIDE:
        st.info(f"{len(chosen)} runs are chosen: choose up to {MOST_SIDE_BY_SIDE} to see them side by side.")
        return
    numbered = dict(enumerate(chosen, start=1))
    for content_hash in dict.fromkeys(kept.run.content_hash for kept in chosen):
        here = {at: kept for at, kept in numbered.items() if kept.run.content_hash == content_hash}
        _tissue(content_hash, here, found, theme)
    _settings(chosen, theme)


def compared_with(chosen: Sequence[KeptRun]) -> None:
    """Ask which annotation the samples of the chosen runs are compared with."""
    files = files_of(chosen)
    truth_picker.pickers([summary for summary in compute.samples() if summary.path.name in files])


def files_of(chosen: Sequence[KeptRun]) -> list[str]:
    """Name the files of the chosen runs' samples, as far as they are here."""
    return list(dict.fromkeys(kept.file for kept in chosen if kept.file is not None))


def _say_other_annotation(sample: Sample, here: Numbered) -> None:
    """Say which kept scores are with another annotation than the one that the maps show."""
    others = {at: kept.run for at, kept in here.items() if kept.run.annotation_hash != sample.annotation_hash}
    if not others:
        return
    shown = as_markdown(sample.annotation_name) or (
        "the file's annotation" if sample.annotated.any() else "no annotation"
    )
    told = "; ".join(f"{at} with {as_markdown(run.annotation) or _unnamed(run)}" for at, run in others.items())
    st.caption(f"The maps are compared with {shown}. Kept scores are of another: {told}.")


def _unnamed(run: Run) -> str:
    return "the annotation that the file had" if run.annotation_hash else "none"


def _tissue(content_hash: str, here: Numbered, found: Domains, theme: Theme) -> None:
    first = next(iter(here.values()))
    with_labels = {at: kept for at, kept in here.items() if kept.result is not None}
    st.subheader(as_markdown(first.run.sample_name), anchor=False)
    for kept in here.values():
        if kept.problem:
            st.warning(f"{as_markdown(kept.name)}: {as_markdown(kept.problem)}")
    if first.sample is None:
        st.info(
            f"The sample {as_markdown(first.run.sample_name)} is not here, or now holds other data, so these are the small maps that "
            "were kept with the runs. Import the sample on Add data to see more."
        )
    if first.sample is None or not with_labels:
        _kept_pictures(here)
    else:
        _say_other_annotation(first.sample, with_labels)
        _maps(content_hash, first.sample, with_labels, found, theme)
    _charts(first.sample, with_labels, found, theme)


def _label(number: int, kept: KeptRun) -> str:
    return f"{number}  {shortened(kept.name)}"


def _kept_pictures(here: Numbered) -> None:
    for column, (number, kept) in zip(st.columns(max(4, len(here))), here.items(), strict=False):
        with column:
            found, label = kept_runs.picture(kept.run), _label(number, kept)
            if found is None:
                st.caption(f"{as_markdown(label)}: no small map was kept.")
            else:
                st.image(found, caption=as_markdown(label), alt=f"Small map of {label}")


def _maps(content_hash: str, sample: Sample, here: Numbered, found: Domains, theme: Theme) -> None:
    each = [_map(sample, kept, found[kept.run.id], at, theme) for at, kept in here.items()]
    drawn = maps.told_apart(each, [str(at) for at in here])
    annotated = [] if sample.labels_true is None else [maps.annotated(sample, theme)]
    room = len(drawn) < MAX_MAPS
    key = session.widget_key("runs", "maps", content_hash)
    entry = maps.camera_entry(sample.name)
    hover_only = [] if room else annotated
    shown = [*annotated * room, *drawn]
    columns = maps.columns_for(len(shown))
    maps.draw(key, sample, shown, theme, hover_only=hover_only, columns=columns, camera=entry)


def _map(sample: Sample, kept: KeptRun, found: Matching, number: int, theme: Theme) -> TissueMap:
    assert kept.result is not None  # noqa: S101 - for the type checker
    ari = kept.run.scores.ari
    title = _label(number, kept) + (f", ARI {units.score('ari', ari)}" if ari is not None else "")
    return maps.predicted(sample, kept.result, found, theme, title)


def _results(here: Numbered) -> list[Result]:
    return [kept.result for kept in here.values() if kept.result is not None]


def _charts(sample: Sample | None, here: Numbered, found: Domains, theme: Theme) -> None:
    layered = sample is not None and bool(sample.layer_names)
    if len(here) < 2 and not (layered and here):
        return
    left, right = st.columns(2, gap="large")
    with left:
        if len(here) > 1:
            _agreement(here, theme)
    with right if len(here) > 1 else left:
        if layered and sample is not None:
            _layers(sample, here, found, theme)


def _agreement(here: Numbered, theme: Theme) -> None:
    names, labels = [kept.name for kept in here.values()], [result.labels for result in _results(here)]
    figure = agreement_of_runs(names, adjusted_rand(labels, labels), numbers=list(here), theme=theme)
    _heading("Agreement", _AGREEMENT, lambda: downloads(figure, "agreement_of_runs", _origin(here), "agreement"))
    show(figure, f"Table of the adjusted Rand index between every two of {len(here)} runs.")


_AGREEMENT = "Adjusted Rand index between every two runs: 1 is full agreement, 0 is chance."
_LAYERS = "F1 of each annotated layer with the domain that is matched with it: 1 if that domain is exactly the layer, 0 if none is."


def _layers(sample: Sample, here: Numbered, found: Domains, theme: Theme) -> None:
    if sample.labels_true is None:
        return
    names, each = [kept.name for kept in here.values()], [found[kept.run.id] for kept in here.values()]
    figure = scores_by_layer(sample.labels_true, names, each, numbers=list(here), theme=theme)
    _heading(
        "Layers found", _LAYERS, lambda: downloads(figure, f"{sample.name}_layers_of_runs", _origin(here), "layers")
    )
    show(figure, f"Table of how well each of {len(here)} runs finds each layer of {sample.name}.")


def _origin(here: Numbered) -> Origin:
    samples = dict.fromkeys(kept.run.sample_name for kept in here.values())
    return of_several(", ".join(samples), "; ".join(f"{at} {kept.name}" for at, kept in here.items()))


def _heading(text: str, help: str, beside: object) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(f"**{text}**", help=help, width="content")
        st.space("stretch")
        if callable(beside):
            beside()


def _settings(chosen: Sequence[KeptRun], theme: Theme) -> None:
    rows = settings([kept.run.params for kept in chosen])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "**Scores and settings**", help=f"{NO_PART} means that a knob takes no part in the run.", width="content"
        )
        # Not at the right end, above which the table's own tools open; where that is here, page.css leaves room.
        every = len(chosen) == 1 or st.toggle(
            "All settings",
            key=session.widget_key("runs", "all settings"),
            help="Also list the knobs that are the same in all runs; those that differ are marked.",
            persist_state="session",
        )
    scores = list(zip(*(scores_in_facts(kept.run.scores) for kept in chosen), strict=True))
    columns = table_columns.texts(_label(number, kept) for number, kept in enumerate(chosen, start=1))
    lines = [
        ("Score", row[0].name, *(fact.text or NO_PART for fact in row), False)
        for row in scores
        if any(f.text for f in row)
    ]
    lines += [(row.step, row.label, *row.values, row.differs) for row in rows if every or row.differs]
    frame = pd.DataFrame([line[:-1] for line in lines], columns=["Step", "Knob or score", *columns])
    marked = [line[-1] and bool(every) and len(chosen) > 1 for line in lines]
    with st.container(key="runs-settings"):
        st.dataframe(
            _marked(frame, marked, theme),
            hide_index=True,
            height="content",
            alt="Scores and settings of the chosen runs.",
        )


def _marked(frame: pd.DataFrame, marked: Sequence[bool], theme: Theme) -> "pd.io.formats.style.Styler":
    shades = STYLES[theme]
    style = f"background-color: {shades.panel}; color: {shades.accent}"
    return frame.style.apply(lambda row: [style if marked[row.name] else ""] * len(row), axis=1)
