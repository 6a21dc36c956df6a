"""The address of the page: the sample, every knob that is not at its default, what the map of the Tissue page shows, and the sweep.

A link shows somebody else the same picture. What an address says is checked against the limits of the parameter dataclasses, as anything that comes from outside.
"""

import dataclasses
import math
from collections.abc import Mapping

import streamlit as st

from core import knobs
from core.errors import ParameterError
from core.knobs import KnobPath
from core.params import PRESETS
from core.text import shown
from ui.shell import run_links, session
from ui.shell.run_links import Opened
from ui.shell.session import VIEW_KINDS, Settings, View

_SAMPLE, _PRESET, _RUN, _SWEEP = "sample", "preset", "run", "sweep"
_VIEW = _SHOW, _GENE, _LOW, _HIGH = "show", "gene", "low", "high"
_MAX_GENE_LENGTH = 200
_ANGLE: KnobPath = ("direction", "angle")
_DIRECTION: KnobPath = ("direction", "method")
_WRITTEN = "address written"
_PASSED_OVER = "address passed over"


@dataclasses.dataclass(frozen=True, slots=True)
class _Written:
    """The address as this session last wrote it, and what for."""

    query: dict[str, str]
    settings: Settings
    view: View
    sample: str | None
    sweep: str | None


def follow(*, with_view: bool = False, with_sweep: bool = False) -> None:
    """Take over what the address asks for: at the start of a session, and after the browser's Back or Forward.

    Parameters
    ----------
    with_view : bool
        Whether the page shows the map of the Tissue page: on others its address says nothing of it.
    with_sweep : bool
        Whether it shows a sweep, likewise.
    """
    asked, written = st.query_params.to_dict(), _written()
    if written is None:
        _take_over(asked, at_start=True, with_view=True, with_sweep=False)
    # A page's own link comes without anything; and a knob moved in this very run counts more than the address.
    elif (asked.get(_SAMPLE) or asked.get(_RUN)) and asked != written.query and _unmoved(written):
        _take_over(asked, at_start=False, with_view=with_view, with_sweep=with_sweep)


def write(sample_file: str, *, with_view: bool = False, with_sweep: bool = False) -> None:
    """Put the sample and the settings into the address.

    Parameters
    ----------
    sample_file : str
        File that the page shows.
    with_view : bool
        Whether the page shows the map of the Tissue page.
    with_sweep : bool
        Whether it shows a sweep.
    """
    query = {_SAMPLE: sample_file, **query_of(session.settings())}
    run = session.kept_run(sample_file)
    if run is not None:
        query[_RUN] = run.id
    if with_view:
        query |= query_of_view(session.view())
    sweep = session.sweep_id()
    if with_sweep and sweep is not None:
        query[_SWEEP] = sweep
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = _Written(
        query, session.settings(), session.view(), session.sample_file(), session.sweep_id()
    )


def shown_file() -> str:
    """Name the file of the sample that the page shows.

    Returns
    -------
    str
        Empty before the page has said so, by :func:`write`.
    """
    written = _written()
    return "" if written is None else written.query[_SAMPLE]


def query_of_tissue() -> dict[str, str]:
    """Give the address of the Tissue page, for a way there that shows what the session asks for now.

    Returns
    -------
    dict of str to str
    """
    written = _written()
    sample = {} if written is None else {_SAMPLE: written.query[_SAMPLE]}
    return {**sample, **query_of(session.settings()), **query_of_view(session.view())}


def passed_over() -> list[str]:
    """Say what of the address could not be used.

    Returns
    -------
    list of str
        Sentences; empty once a knob was moved.
    """
    settings, view, sentences = st.session_state.get(_PASSED_OVER, (None, None, []))
    return list(sentences) if (settings, view) == (session.settings(), session.view()) else []


def query_of(settings: Settings) -> dict[str, str]:
    """Write settings as an address does.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    dict of str to str
        The preset, and each moved knob by its name. An angle stands for a direction by hand.
    """
    changes = dict(settings.changes)
    if changes.get(_DIRECTION) != "manual":
        changes.pop(_ANGLE, None)
    elif _ANGLE in changes:
        del changes[_DIRECTION]
    names = knobs.names()
    return {_PRESET: settings.preset, **{names[path]: str(value) for path, value in changes.items()}}


def settings_of(query: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Read settings out of an address.

    Parameters
    ----------
    query : mapping of str to str

    Returns
    -------
    settings : Settings
    passed_over : list of str
        A sentence for each name or value that means nothing.
    """
    changes, sentences = {}, []
    asked = {name: text for name, text in query.items() if name not in (_SAMPLE, _PRESET, _RUN, _SWEEP, *_VIEW)}
    for name, text in asked.items():
        try:
            path = _knob_path(name)
            changes[path] = knobs.read_value(path, text)
        except ParameterError as error:
            sentences.append(f"`{_code(name)}={_code(text)}` in the address was passed over: {error}")
    if _ANGLE in changes:
        changes.setdefault(_DIRECTION, "manual")
    preset = query.get(_PRESET, Settings().preset)
    if preset not in PRESETS:
        sentences.append(f"There is no preset `{_code(preset)}`, which the address asks for: choose one on the left.")
        preset = Settings().preset
    return Settings(preset=preset, changes=changes), sentences


def query_of_view(view: View) -> dict[str, str]:
    """Write what the Tissue page shows as an address does.

    Parameters
    ----------
    view : View

    Returns
    -------
    dict of str to str
        What is not as it is at first.
    """
    low, high = view.limits or (None, None)
    parts = {_SHOW: view.kind if view.kind != View().kind else None, _GENE: view.gene, _LOW: low, _HIGH: high}
    return {name: str(part) for name, part in parts.items() if part is not None}


def view_of(query: Mapping[str, str]) -> tuple[View, list[str]]:
    """Read out of an address what the Tissue page is to show.

    Parameters
    ----------
    query : mapping of str to str

    Returns
    -------
    view : View
        Its gene need not be one of the sample's.
    passed_over : list of str
        A sentence for each value that means nothing.
    """
    kind, gene, sentences = query.get(_SHOW, View().kind), query.get(_GENE), []
    if kind not in VIEW_KINDS:
        sentences.append(
            f"`{_SHOW}={_code(kind)}` in the address was passed over: it must be one of {', '.join(VIEW_KINDS)}."
        )
        kind = View().kind
    if gene is not None and len(gene) > _MAX_GENE_LENGTH:
        sentences.append(f"`{_GENE}={_code(gene)}` in the address was passed over: no gene has so long a name.")
        gene = None
    limits = _limits_of(query)
    if limits is None and (_LOW in query or _HIGH in query):
        sentences.append(
            f"`{_LOW}` and `{_HIGH}` in the address were passed over: the ends of the colour scale must be two numbers, the lower one "
            "first."
        )
    return View(kind=kind, gene=gene, limits=limits), sentences


def _limits_of(query: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        low, high = float(query.get(_LOW, "nan")), float(query.get(_HIGH, "nan"))
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low <= high else None


def _take_over(asked: Mapping[str, str], *, at_start: bool, with_view: bool, with_sweep: bool) -> None:
    opened = run_links.open_run(asked[_RUN]) if asked.get(_RUN) else Opened()
    # A run says all of its settings; where it is not here, the rest of the address may still say them.
    settings, sentences = settings_of(asked) if opened.run is None else (opened.settings, [])
    (session.start_from if at_start else session.take_settings)(settings)
    file = opened.file or asked.get(_SAMPLE)
    if file:
        session.choose_sample(file)
    if opened.run is not None and opened.file:
        session.remember_run(opened.file, settings, opened.run)
    sentences += opened.sentences
    if asked.get(_SWEEP) or (with_sweep and not at_start):
        session.choose_sweep(asked.get(_SWEEP) or None)  # Back to before one was chosen goes to the latest
    if with_view:
        view, more = view_of(asked)
        session.take_view(view)
        sentences += more
    st.session_state[_PASSED_OVER] = (settings, session.view(), sentences)


def _written() -> _Written | None:
    written: _Written | None = st.session_state.get(_WRITTEN)
    return written


def _unmoved(written: _Written) -> bool:
    return (written.settings, written.view, written.sample) == (
        session.settings(),
        session.view(),
        session.sample_file(),
    )


def _knob_path(name: str) -> KnobPath:
    if name not in knobs.names().values():
        raise ParameterError("there is no such knob.")
    return knobs.path_of(name)


def _code(text: str) -> str:
    return shown(text, 40).replace("`", "?")
