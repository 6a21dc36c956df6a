"""Everything that a session remembers: every key of session state, behind typed functions. The address is in `ui/shell/address.py`."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from core.evaluation.matching import Matching
from core.figures.colours import Theme
from core.io.drafts import Draft
from core.io.incoming import ImportChoices
from core.knobs import KnobPath
from core.result import Result
from core.sample import Sample
from core.work.bringing import Source
from core.work.runs import Run

_SAMPLE = "sample"
_FOUND_ANGLE = "found angle"
_MATCHING = "matching"
_HISTORY = "history"
_PINNED = "pinned"
_COMPARING = "comparing"
_VIEW = "view"
_INCOMING = "incoming"
_TOGETHER = "together"
_PLACES = "places below roots"
_SWEEP = "sweep"
_KEPT = "kept runs"
_CHOSEN_RUNS = "chosen runs"
_DELETED_RUNS = "deleted runs"
_RUN_OF_UPLOAD = "run of upload"

MAX_HISTORY = 100
"""Settings that a session can go back through."""

MAX_KEPT = 50
"""Kept runs that a session knows again when their settings come back."""

MAX_PINNED = 16
"""Samples of which a session remembers a pinned result."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user chose: a preset, and the knobs that were moved away from it.

    Parameters
    ----------
    preset : str
    changes : dict of KnobPath to object
        Values by knob. Knobs that are not here follow the preset, also when the sample changes.
    """

    preset: str = "paper"
    changes: dict[KnobPath, Any] = field(default_factory=dict)


def theme() -> Theme:
    """Surroundings of the viewer's page.

    Returns
    -------
    {"light", "dark"}
    """
    return "dark" if st.context.theme.type == "dark" else "light"


@dataclass(frozen=True, slots=True)
class _History:
    """Settings tried, in order, and which of them the page shows."""

    tried: tuple[Settings, ...] = (Settings(),)
    place: int = 0


def settings() -> Settings:
    """Look up the settings of this session.

    Returns
    -------
    Settings
    """
    history = _history()
    return history.tried[history.place]


def _history() -> _History:
    stored: _History = st.session_state.setdefault(_HISTORY, _History())
    return stored


def take_settings(new: Settings) -> None:
    """Put other settings in place of the present ones, which stay in the history.

    Parameters
    ----------
    new : Settings
    """
    history = _history()
    if new == settings():
        return
    tried = (*history.tried[: history.place + 1], new)[-MAX_HISTORY:]
    st.session_state[_HISTORY] = _History(tried, len(tried) - 1)


def start_from(first: Settings) -> None:
    """Begin the history of a new session with settings that its address asks for.

    Parameters
    ----------
    first : Settings
    """
    st.session_state[_HISTORY] = _History((first,))


def can_step(by: int) -> bool:
    """Whether there are settings before or after the present ones.

    Parameters
    ----------
    by : int
        -1 for back, 1 for forward.

    Returns
    -------
    bool
    """
    return 0 <= _history().place + by < len(_history().tried)


def step(by: int) -> None:
    """Go back or forward through the settings tried.

    Parameters
    ----------
    by : int
        -1 for back, 1 for forward; nothing happens at the ends.
    """
    if can_step(by):
        st.session_state[_HISTORY] = dataclasses.replace(_history(), place=_history().place + by)


def choose_preset(name: str) -> None:
    """Take a preset, and let go of all changes.

    Parameters
    ----------
    name : str
    """
    take_settings(Settings(preset=name))


def change(path: KnobPath, value: Any) -> None:
    """Move one knob away from the preset.

    Parameters
    ----------
    path : KnobPath
    value : object
    """
    change_all({path: value})


def change_all(moved: dict[KnobPath, Any]) -> None:
    """Move several knobs at once: one step of the history.

    Parameters
    ----------
    moved : dict of KnobPath to object
    """
    take_settings(dataclasses.replace(settings(), changes={**settings().changes, **moved}))


def reset(path: KnobPath) -> None:
    """Put one knob back to the preset.

    Parameters
    ----------
    path : KnobPath
    """
    changes = {key: value for key, value in settings().changes.items() if key != path}
    take_settings(dataclasses.replace(settings(), changes=changes))


def sample_file() -> str | None:
    """File of the chosen sample.

    Returns
    -------
    str or None
        A file's name without its folder; it need not exist. None before any was chosen.
    """
    chosen: str | None = st.session_state.get(_SAMPLE)
    return chosen


def choose_sample(file: str) -> None:
    """Remember the chosen sample, over pages; the ends of the colour scale were those of the one before.

    Parameters
    ----------
    file : str
    """
    if file != sample_file():
        change_view(limits=None)
    st.session_state[_SAMPLE] = file


@dataclass(frozen=True, slots=True)
class Together:
    """What the Sections page clusters as one.

    Parameters
    ----------
    files : tuple of str
        Files of the sections, without their folder; they need not exist.
    changes : dict of KnobPath to object
        Values of the page's knobs that are not at their defaults.
    live : tuple of str
        The files for which the user asked for a clustering; while they are chosen, knobs act at once.
    """

    files: tuple[str, ...] = ()
    changes: dict[KnobPath, Any] = field(default_factory=dict)
    live: tuple[str, ...] = ()


def together() -> Together:
    """Look up what the Sections page clusters as one.

    Returns
    -------
    Together
    """
    stored: Together = st.session_state.get(_TOGETHER, Together())
    return stored


def take_together(new: Together) -> None:
    """Cluster other sections as one, or in another way.

    Parameters
    ----------
    new : Together
    """
    st.session_state[_TOGETHER] = new


def change_together(**changes: Any) -> None:
    """Change a part of what the Sections page clusters as one.

    Parameters
    ----------
    **changes : object
        Fields of `Together`.
    """
    take_together(dataclasses.replace(together(), **changes))


def pin(content_hash: str, result: Result) -> None:
    """Keep a result to compare others of the same sample with.

    Parameters
    ----------
    content_hash : str
        Of the sample.
    result : Result
    """
    others = {key: kept for key, kept in _pins().items() if key != content_hash}
    latest = list(others.items())[1 - MAX_PINNED :]
    st.session_state[_PINNED] = dict([*latest, (content_hash, result)])


def unpin(content_hash: str) -> None:
    """Let go of the pinned result of a sample.

    Parameters
    ----------
    content_hash : str
    """
    st.session_state[_PINNED] = {key: kept for key, kept in _pins().items() if key != content_hash}


def pinned(content_hash: str) -> Result | None:
    """Look up the pinned result of a sample.

    Parameters
    ----------
    content_hash : str

    Returns
    -------
    Result or None
    """
    return _pins().get(content_hash)


def _pins() -> dict[str, Result]:
    stored: dict[str, Result] = st.session_state.get(_PINNED, {})
    return stored


@dataclass(frozen=True, slots=True)
class _Kept:
    """A kept run, and where this session shows it."""

    file: str
    settings: Settings
    run: Run


def remember_run(file: str, at: Settings, run: Run) -> None:
    """Know a kept run again wherever its sample and its settings are shown.

    Parameters
    ----------
    file : str
        Of the sample.
    at : Settings
    run : Run
    """
    others = [kept for kept in _kept() if (kept.file, kept.settings) != (file, at)]
    st.session_state[_KEPT] = [*others, _Kept(file, at, run)][-MAX_KEPT:]


def change_run(run: Run) -> None:
    """Show a kept run under another name, note or star.

    Parameters
    ----------
    run : Run
    """
    st.session_state[_KEPT] = [
        dataclasses.replace(kept, run=run) if kept.run.id == run.id else kept for kept in _kept()
    ]


def kept_run(file: str) -> Run | None:
    """Look up the kept run that the present settings are.

    Parameters
    ----------
    file : str
        Of the sample that is shown.

    Returns
    -------
    Run or None
    """
    return next((kept.run for kept in _kept() if (kept.file, kept.settings) == (file, settings())), None)


def _kept() -> list[_Kept]:
    stored: list[_Kept] = st.session_state.get(_KEPT, [])
    return stored


def comparing() -> bool:
    """Whether the pinned map is to be drawn, too.

    Returns
    -------
    bool
    """
    return bool(st.session_state.get(_COMPARING, False))


def compare(wanted: bool) -> None:
    """Ask for the pinned map beside the predicted one, or no longer.

    Parameters
    ----------
    wanted : bool
    """
    st.session_state[_COMPARING] = wanted


VIEW_KINDS = ("annotation", "gene", "counts", "genes")
"""What the map of the Tissue page can show; the last two are counts per spot and genes per spot."""


@dataclass(frozen=True, slots=True)
class View:
    """What the map of the Tissue page shows.

    Parameters
    ----------
    kind : str
        One of `VIEW_KINDS`.
    gene : str or None
        None until one was chosen.
    limits : tuple of float, or None
        Ends of the colour scale; None for those of the values.
    """

    kind: str = "annotation"
    gene: str | None = None
    limits: tuple[float, float] | None = None


def view() -> View:
    """Look up what the map of the Tissue page shows.

    Returns
    -------
    View
    """
    stored: View = st.session_state.get(_VIEW, View())
    return stored


def change_view(**changes: Any) -> None:
    """Show something else on the Tissue page; the colour scale goes back to its ends, unless they are what changed.

    Parameters
    ----------
    **changes : object
        Fields of `View`.
    """
    st.session_state[_VIEW] = dataclasses.replace(view(), **{"limits": None, **changes})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What this session is bringing in.

    Parameters
    ----------
    draft : Draft
        Holds what was uploaded and what was made of it, and takes it along when the session ends.
    source : Source
    choices : ImportChoices
    name : str
        Of the sample to be.
    asked : bool
        Whether the user has seen what the source suggests for them.
    table_id : str
        Upload that the source's table of labels came from.
    """

    draft: Draft
    source: Source
    choices: ImportChoices = field(default_factory=ImportChoices)
    name: str = ""
    asked: bool = False
    table_id: str = ""


def incoming() -> Incoming | None:
    """Look up what this session is bringing in.

    Returns
    -------
    Incoming or None
    """
    stored: Incoming | None = st.session_state.get(_INCOMING)
    return stored


def take_incoming(new: Incoming) -> None:
    """Bring something in, in the place of what was being brought in before.

    Parameters
    ----------
    new : Incoming
    """
    st.session_state[_INCOMING] = new


def change_incoming(**changes: Any) -> None:
    """Change what is known of the source that is being brought in.

    Parameters
    ----------
    **changes : object
        Fields of `Incoming`.
    """
    present = incoming()
    if present is not None:
        take_incoming(dataclasses.replace(present, **changes))


def place_below(root: Path) -> str:
    """Look up the folder of the server that this session has gone to.

    Parameters
    ----------
    root : Path

    Returns
    -------
    str
        Relative to the root; empty for the root itself.
    """
    places: dict[Path, str] = st.session_state.get(_PLACES, {})
    return places.get(root, "")


def go_below(root: Path, place: str) -> None:
    """Go to a folder of the server.

    Parameters
    ----------
    root : Path
    place : str
        Relative to it.
    """
    st.session_state[_PLACES] = {**st.session_state.get(_PLACES, {}), root: place}


def drop_incoming() -> None:
    """Bring nothing in any more, and leave nothing of it behind."""
    present = st.session_state.pop(_INCOMING, None)
    if present is not None:
        present.draft.remove()


def take_view(new: View) -> None:
    """Show what another view says, on the Tissue page.

    Parameters
    ----------
    new : View
    """
    st.session_state[_VIEW] = new


def found_angle(sample: Sample) -> float | None:
    """Angle in radians that the last run found by itself, if that was a run of this sample."""
    of, angle = st.session_state.get(_FOUND_ANGLE, ("", None))
    return angle if of == sample.content_hash else None


def remember_angle(sample: Sample, angle: float) -> None:
    """Keep the angle in radians that a run found, for a user who goes on by hand from there."""
    st.session_state[_FOUND_ANGLE] = sample.content_hash, angle


def shown_matching(sample: Sample) -> Matching | None:
    """Look up the matching of clusters and layers that is shown now.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    Matching or None
        None where nothing, or another sample, or one with another annotation, was shown before.
    """
    of, matching = st.session_state.get(_MATCHING, ((), None))
    return matching if of == _data_of(sample) else None


def remember_matching(sample: Sample, matching: Matching) -> None:
    """Keep the matching that is shown, so that the next move changes no colour without need.

    Parameters
    ----------
    sample : Sample
    matching : Matching
    """
    st.session_state[_MATCHING] = _data_of(sample), matching


def _data_of(sample: Sample) -> tuple[str, str]:
    return sample.content_hash, sample.annotation_hash


def sweep_id() -> str | None:
    """Look up the sweep that this session looks at.

    Returns
    -------
    str or None
        None for the latest.
    """
    chosen: str | None = st.session_state.get(_SWEEP)
    return chosen


def choose_sweep(sweep_id: str | None) -> None:
    """Look at a sweep.

    Parameters
    ----------
    sweep_id : str or None
        None for the latest.
    """
    st.session_state[_SWEEP] = sweep_id


def widget_key(*parts: str) -> str:
    """Name a widget.

    Parameters
    ----------
    *parts : str

    Returns
    -------
    str
    """
    return "widget:" + ".".join(parts)


def show(key: str, value: Any) -> None:
    """Make a widget show a value, whatever it showed before. To be called before the widget is made.

    Parameters
    ----------
    key : str
    value : object
    """
    st.session_state[key] = value


def shown(key: str) -> Any:
    """Value that a widget shows.

    Parameters
    ----------
    key : str

    Returns
    -------
    object
    """
    return st.session_state[key]


def chosen_runs() -> tuple[str, ...]:
    """Look up which kept runs are chosen on the Runs page.

    Returns
    -------
    tuple of str
        Their ids, in the order in which they were chosen. Some may be gone since.
    """
    stored: tuple[str, ...] = st.session_state.get(_CHOSEN_RUNS, ())
    return stored


def choose_runs(ids: Iterable[str]) -> None:
    """Choose runs, over pages.

    Parameters
    ----------
    ids : iterable of str
    """
    st.session_state[_CHOSEN_RUNS] = tuple(dict.fromkeys(ids))


def deleted_runs() -> tuple[str, ...]:
    """Look up which runs this session deleted last, and has not brought back.

    Returns
    -------
    tuple of str
    """
    stored: tuple[str, ...] = st.session_state.get(_DELETED_RUNS, ())
    return stored


def remember_deleted(ids: Iterable[str]) -> None:
    """Keep in mind which runs were deleted last, for the way back.

    Parameters
    ----------
    ids : iterable of str
        None, once they are back.
    """
    st.session_state[_DELETED_RUNS] = tuple(ids)


def run_of_upload(file_id: str) -> str | None:
    """Look up which run came in with an upload.

    Parameters
    ----------
    file_id : str
        Streamlit's.

    Returns
    -------
    str or None
        Id of the run; None where the upload was not brought in yet.
    """
    of, run = st.session_state.get(_RUN_OF_UPLOAD, ("", None))
    return run if of == file_id else None


def remember_upload(file_id: str, run_id: str) -> None:
    """Keep in mind which run came in with the last upload.

    Parameters
    ----------
    file_id, run_id : str
    """
    st.session_state[_RUN_OF_UPLOAD] = file_id, run_id
