"""The address of the page: the sample, every knob that is not at its default, the kept run, and the page's own part.

A link shows somebody else the same picture. The values in an address are checked against the limits of the knobs, like all
data from outside.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from core import knobs
from core.errors import ParameterError
from core.knobs import KnobPath
from core.params import PRESETS, preset
from core.text import shown
from core.version_0_1 import renewed
from core.work.runs import Run
from ui.data import truth
from ui.shell import known_runs, run_links, session
from ui.shell.guards import as_markdown
from ui.shell.maps import CAMERA
from ui.shell.run_links import Opened
from ui.shell.session import Settings

T = TypeVar("T")

_SAMPLE, _PRESET = "sample", "preset"
RUN = "run"
"""Entry of the kept run that is shown."""
TRUTH = "truth"
"""Entry of what the sample is compared with, where that is not the annotation of its file."""
_ANGLE: KnobPath = ("direction", "angle")
_DIRECTION: KnobPath = ("direction", "method")
_WRITTEN = "address written"
_IGNORED = "address ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a page adds to the address.

    Parameters
    ----------
    names : tuple of str
        Names of its entries; no knob uses them, and another part only for the same choice.
    query : callable
        Writes the part from the session.
    take_over : callable
        Reads an address into the session, and gives a sentence for each invalid value.
    state : callable
        What the part depends on; once a user changes it, it overrides the address.
    shows_guided : bool
        Whether the page shows kept runs that were guided.
    """

    names: tuple[str, ...]
    query: Callable[[], dict[str, str]]
    take_over: Callable[[Mapping[str, str]], list[str]]
    state: Callable[[], object] = lambda: None
    shows_guided: bool = False


_parts: dict[tuple[str, ...], Part] = {}


def register(*parts: Part) -> None:
    """Register the parts of all pages, because a link to any page may contain them."""
    _parts.update({part.names: part for part in parts})


@dataclass(frozen=True, slots=True)
class _Written:
    """The address that this session wrote last, with the sample and settings at that time."""

    query: dict[str, str]
    sample: str | None
    asked_for: object


def follow(own: Part | None = None) -> None:
    """Apply the address to the session: at its start, and after the browser's Back or Forward."""
    asked, written = without_cameras(st.query_params.to_dict()), _written()
    if written is None:
        _take_over(asked, own if own is not None and own.shows_guided else None, session.start_from)
    # A link in the navigation has no query; and a knob moved in this run overrides the address.
    elif (asked.get(_SAMPLE) or asked.get(RUN)) and asked != written.query and _unmoved(written):
        _take_over(asked, own, session.take_settings)


def write(sample_file: str, own: Part | None = None) -> None:
    """Put the shown sample, the settings and the page's own part into the address."""
    run = known_runs.of_settings(sample_file)
    query = {_SAMPLE: sample_file, **query_of(session.settings())}
    query |= ({} if run is None else {RUN: run.id}) | ({} if own is None else own.query()) | _truth_of(sample_file)
    written, present = _written(), st.query_params.to_dict()
    same_sample = written is None or written.sample == session.sample_file()
    with_cameras = query | (cameras_of(present) if same_sample else {})
    if present != with_cameras:
        st.query_params.from_dict(with_cameras)
    st.session_state[_WRITTEN] = _Written(query, session.sample_file(), _asked_for())


def asked() -> dict[str, list[str]]:
    """Read the address: all values of each entry."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def cameras_of(query: Mapping[str, T]) -> dict[str, T]:
    """Choose the entries of a query that hold cameras."""
    return {name: text for name, text in query.items() if name.partition(".")[0] == CAMERA}


def without_cameras(query: Mapping[str, T]) -> dict[str, T]:
    """Leave out the entries of a query that hold cameras, which the server does not follow."""
    return {name: text for name, text in query.items() if name not in cameras_of(query)}


def truths_of(files: Iterable[str]) -> dict[str, list[str]]:
    """Write what each of several samples is compared with, where that is not the annotation of its file."""
    return {_truth_entry(file): [wanted] for file in files if (wanted := truth.chosen(file)) != truth.OWN}


def without_truths(query: Mapping[str, T]) -> dict[str, T]:
    """Leave out the entries that :func:`truths_of` writes."""
    return {name: values for name, values in query.items() if not name.startswith(_truth_entry(""))}


def take_truths(query: Mapping[str, Sequence[str]], files: Iterable[str]) -> list[str]:
    """Compare samples with what an address asks for, others of `files` with their own; give a sentence for each invalid value."""
    start = _truth_entry("")
    asked = {name.removeprefix(start): texts[-1] for name, texts in query.items() if name.startswith(start) and texts}
    return [
        sentence
        for file in dict.fromkeys([*files, *asked])
        for sentence in _take_truth(file, asked.get(file, truth.OWN), _truth_entry(file))
    ]


def _truth_entry(file: str) -> str:
    return f"{TRUTH}.{file}"


def ignore(sentences: list[str]) -> None:
    """Say of more parts of the address that they were ignored, now and until a knob is moved."""
    if sentences:
        st.session_state[_IGNORED] = (_asked_for(), [*ignored(), *sentences])
    for sentence in sentences:
        st.warning(as_markdown(sentence))


def shown_file() -> str:
    """Name the file of the sample that the page shows; empty before the first :func:`write`."""
    written = _written()
    return "" if written is None else written.query[_SAMPLE]


def query_of_present() -> dict[str, str]:
    """Write the sample and the settings of this session as a query, for a link to another page."""
    file = shown_file()
    return ({_SAMPLE: file, **_truth_of(file)} if file else {}) | query_of(session.settings())


def ignored() -> list[str]:
    """Say which parts of the address were ignored; empty once a knob was moved."""
    asked_for, sentences = st.session_state.get(_IGNORED, (None, []))
    return list(sentences) if asked_for == _asked_for() else []


def query_of(settings: Settings) -> dict[str, str]:
    """Write settings as a query; an angle implies the direction by hand."""
    changes = dict(settings.changes)
    if changes.get(_DIRECTION) != "manual":
        changes.pop(_ANGLE, None)
    elif _ANGLE in changes:
        del changes[_DIRECTION]
    return {_PRESET: settings.preset, **query_of_knobs(changes)}


def settings_of(query: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Read settings from a query, with a sentence for each invalid name or value."""
    others = {_SAMPLE, _PRESET, RUN, TRUTH, *(name for part in _parts.values() for name in part.names)}
    asked = query.get(_PRESET, Settings().preset)
    name = asked if asked in PRESETS else Settings().preset
    moved = {name: text for name, text in query.items() if name not in others}
    changes, sentences = knobs_of(moved, embedding=preset(name).embedding.kind)
    if _ANGLE in changes:
        changes.setdefault(_DIRECTION, "manual")
    if asked != name:
        sentences.append(
            f"There is no preset `{as_code(asked)}`, which the address asks for: choose one in the sidebar."
        )
    return Settings(preset=name, changes=changes), sentences


def query_of_knobs(changes: Mapping[KnobPath, Any]) -> dict[str, str]:
    """Write moved knobs as a query."""
    return {knobs.names()[path]: str(value) for path, value in changes.items()}


def knobs_of(
    query: Mapping[str, str], of_page: Container[KnobPath] | None = None, *, embedding: str
) -> tuple[dict[KnobPath, Any], list[str]]:
    """Read moved knobs from a query, with a sentence for each invalid entry; `embedding` is the default kind of embedding."""
    changes, sentences = {}, []
    for name, text in renewed(query, embedding).items():
        try:
            path = _knob_path(name, of_page)
            changes[path] = knobs.read_value(path, str(text))
        except ParameterError as error:
            sentences.append(refusal(str(error), name, str(text)))
    return changes, sentences


def refusal(reason: str, name: str, text: str) -> str:
    """Say in a sentence why an entry of the address was ignored."""
    return f"`{as_code(name)}={as_code(text)}` in the address was ignored: {reason}"


def as_code(text: str) -> str:
    """Shorten text from outside, so that it can be put between backticks."""
    return shown(text, 40).replace("`", "?")


def _take_over(asked: Mapping[str, str], own: Part | None, take: Callable[[Settings], None]) -> None:
    opened = run_links.open_run(asked[RUN]) if asked.get(RUN) else Opened()
    settings, sentences = _asked_settings(asked, opened, own)
    take(settings)
    file = opened.file or asked.get(_SAMPLE)
    if file:
        session.choose_sample(file)
        sentences += _take_truth(file, asked.get(TRUTH, truth.OWN))
    if opened.run is not None and opened.file:
        known_runs.remember(opened.file, opened.settings, opened.run)
    sentences += opened.sentences
    if opened.run is not None and opened.run.guided and not _shows(own, opened.run):
        sentences.append(
            f"The run {opened.run.title} is {opened.run.guided}: the page Guide shows it, by the link on Runs."
        )
    for part in _parts.values():
        # Going back to an address without the page's own part shows the page's default.
        if part is own or any(name in asked for name in part.names):
            sentences += part.take_over(asked)
    st.session_state[_IGNORED] = (_asked_for(), sentences)


def _asked_settings(asked: Mapping[str, str], opened: Opened, own: Part | None) -> tuple[Settings, list[str]]:
    """Read the settings: a run has all of its own, unless a page shows what guided it with other knobs."""
    if opened.run is not None and not (_PRESET in asked and opened.run.guided and _shows(own, opened.run)):
        return opened.settings, []
    # A run that is not here may have its settings in the rest of the address.
    settings, sentences = settings_of(asked)
    known = [session.settings()] if opened.run is None else [opened.settings, session.settings()]
    # One that is known keeps its hidden angle, which no address contains.
    return next((one for one in known if query_of(one) == query_of(settings)), settings), sentences


def _shows(own: Part | None, run: Run) -> bool:
    return own is not None and (own.shows_guided or not run.guided)


def _truth_of(file: str) -> dict[str, str]:
    wanted = truth.chosen(file)
    return {} if wanted == truth.OWN else {TRUTH: wanted}


def _take_truth(file: str, wanted: str, entry: str = TRUTH) -> list[str]:
    if wanted == truth.OWN or truth.is_possible(wanted):
        truth.choose(file, wanted)
        return []
    return [refusal("it must be `none` or the id of an annotation.", entry, wanted)]


def _written() -> _Written | None:
    written: _Written | None = st.session_state.get(_WRITTEN)
    return written


def _unmoved(written: _Written) -> bool:
    return (written.sample, written.asked_for) == (session.sample_file(), _asked_for())


def _asked_for() -> object:
    return session.settings(), truth.everything(), [part.state() for part in _parts.values()]


def _knob_path(name: str, of_page: Container[KnobPath] | None) -> KnobPath:
    try:
        path = knobs.path_of(name)
    except ParameterError:
        raise ParameterError("there is no such knob.") from None
    if of_page is not None and path not in of_page:
        raise ParameterError("it is not a knob of this page.")
    return path
