"""Labels of knobs, values, scores and durations on the Sweep page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core import knobs, presets
from core.params import PRESETS
from core.text import counted
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.sweeps import SweepSnapshot

MAPS, SCORES, TABLE = "Maps", "Scores", "Table"
SEARCH_VIEWS = ("History", "Importances", "Slices", "Parallel")
VIEWS = (MAPS, SCORES, *SEARCH_VIEWS, TABLE)

SCORE_LABELS: Mapping[str, tuple[str, str]] = {
    "ari": ("ARI", "Adjusted Rand index on annotated spots; higher is better."),
    "nmi": ("NMI", "Normalised mutual information on annotated spots; higher is better."),
    "ari_all": (
        "ARI, all spots",
        "Adjusted Rand index with unannotated spots as a class of their own; higher is better.",
    ),
    "nmi_all": ("NMI, all spots", "Normalised mutual information with unannotated spots as a class; higher is better."),
    "chaos": ("CHAOS", "Distance to the nearest spot of the same domain; lower is better. Needs no annotation."),
    "pas": ("PAS", "Share of spots whose neighbours mostly have other labels; lower is better. Needs no annotation."),
    "stability": ("Stability", "How well repeated fits agree; higher is better. Needs no annotation."),
}

STATUS_LABELS: Mapping[SweepStatus, str] = {
    SweepStatus.RUNNING: "running",
    SweepStatus.PAUSED: "paused",
    SweepStatus.CANCELLED: "cancelled",
    SweepStatus.STOPPED: "stopped",
    SweepStatus.DONE: "done",
}


def knob_label(knob: str) -> str:
    """Give the label of a knob in its form."""
    known = {name: path for path, name in knobs.names().items()}
    return str(knobs.declared(known[knob]).metadata["label"]) if knob in known else knob


def value_label(knob: str, value: Any) -> str:
    """Write the value of a knob as its form does; a float of a search in four digits."""
    path = knobs.path_of(knob)
    short = float(f"{value:.4g}") if isinstance(value, float) else value
    return knobs.value_in_words(path, short)


def title(status: SweepSnapshot) -> str:
    """Give the title of a sweep in a list."""
    sweep = status.plan.sweep
    names = ", ".join(section.name for section in sweep.sections[:3]) + " ..." * (len(sweep.sections) > 3)
    turned = (", " if sweep.search else " × ").join(map(knob_label, sweep.knobs))
    guided = ", guided" * (sweep.sections[0].guided_by is not None)
    kind = f"search for {SCORE_LABELS[sweep.search.objective][0]} over {turned}" if sweep.search else turned
    return f"{names}: {preset_label(status)}{guided}, {kind}, {counted(sweep.n_runs, 'run')}, {STATUS_LABELS[status.outcome.status]} ({_when(status.plan.created)})"


def preset_label(status: SweepSnapshot) -> str:
    """Name the preset that the runs of a sweep start from, and say whether knobs were moved before."""
    name, changes = presets.nearest_preset(status.plan.sweep.sections[0].params)
    moved = {
        path: value for path, value in changes.items() if knobs.takes_part(status.plan.sweep.sections[0].params, path)
    }
    return PRESETS[name] + f" with {counted(len(moved), 'moved knob')}" * bool(moved)


def _when(created: datetime) -> str:
    return f"{created.astimezone():%d %b %H:%M}"
