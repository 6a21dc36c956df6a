"""The spots that are selected on Tune, in whichever map or chart: what is lit in one is lit in the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core.sample import Sample
from ui.shell import maps
from ui.tissue_view import Choice
from ui.tune import redraw

_SELECTED = "selected spots"


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """Selected spots in ascending order, or None; how often any were selected, in which widget last, and how often before in others."""

    spots_hash: str = ""
    number: int = 0
    spots: np.ndarray | None = None
    by: str = ""
    before: Mapping[str, int] = field(default_factory=dict)

    def choice_for(self, key: str) -> Choice:
        """Say what a widget has to select; nothing new if the spots were selected there."""
        return Choice(self.number - (self.by == key), self.spots)

    def number_elsewhere(self, key: str) -> int:
        """Count the selections up to the last one that was made elsewhere than in this widget."""
        return self.before.get(key, 0) if self.by == key else self.number


def of(sample: Sample) -> Selected:
    """Look up which spots of a sample are selected."""
    found: Selected = st.session_state.get(_SELECTED, Selected())
    return found if found.spots_hash == sample.spots_hash else Selected(sample.spots_hash, found.number + 1)


def select(sample: Sample, spots: np.ndarray | None, by: str) -> None:
    """Select spots of a sample in a widget, and light them everywhere."""
    found = of(sample)
    before = {**found.before, by: found.number_elsewhere(by)}
    held = None if spots is None or not len(spots) else spots
    st.session_state[_SELECTED] = Selected(sample.spots_hash, found.number + 1, held, by, before)
    redraw.alone(redraw.PICTURE, redraw.TELLING)


def take_lasso(sample: Sample, key: str) -> None:
    """Select what the lasso of maps holds."""
    select(sample, maps.held(key, sample), key)
