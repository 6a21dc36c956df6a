"""A row of buttons on Tune: the paper's method, its angle by hand, and the recommended preset, each with its ARI."""

from dataclasses import dataclass

import streamlit as st

from core import units
from core.params import DEFAULT_PRESET, PRESETS, MethodParams
from core.sample import Sample
from ui.data import compute
from ui.shell import forms, session
from ui.shell.session import Settings
from ui.tune import redraw
from ui.tune.shown import Shown

_MOST_SPOTS = 10_000  # a larger sample would take too long
_PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Settings in the row, and their agreement with the annotation."""

    name: str
    settings: Settings
    params: MethodParams
    ari: float | None


def chapters(sample: Sample) -> list[Chapter]:
    """Compute the row for a sample; empty if the sample is large or has no annotation."""
    if sample.labels_true is None or sample.n_spots > _MOST_SPOTS:
        return []
    best = Settings(preset=DEFAULT_PRESET)
    found = compute.cluster(sample, forms.params_of(sample, best)).direction
    paper = PRESETS[_PAPER]
    offered = {paper: Settings(preset=_PAPER)}
    if found is not None:
        offered[f"{paper}, angle by hand"] = Settings(preset=_PAPER, changes=forms.by_hand(found.angle))
    offered[PRESETS[DEFAULT_PRESET]] = best
    return [_chapter(sample, name, settings) for name, settings in offered.items()]


def story(shown: Shown, row: list[Chapter]) -> None:
    """Draw the row of settings with their scores; the button of the shown settings is disabled."""
    if not row:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="tune-story"):
        st.caption("ARI", width="content")
        for chapter in row:
            st.button(
                f"{chapter.name} **{units.score('ari', chapter.ari)}**",
                key=session.widget_key("story", chapter.name),
                type="tertiary",
                help="Show these settings. The arrow at the top of the page goes back.",
                disabled=chapter.params == shown.params,
                on_click=redraw.whole_page(session.take_settings),
                args=(chapter.settings,),
            )


def _chapter(sample: Sample, name: str, settings: Settings) -> Chapter:
    params = forms.params_of(sample, settings)
    return Chapter(name, settings, params, compute.cluster(sample, params).scores.ari)
