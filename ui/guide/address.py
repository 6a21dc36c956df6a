"""What the Guide page adds to the address: whose strokes are shown, or of which kept run, what is beside them, and other domains."""

from collections.abc import Mapping

from core.annotation import is_id
from core.errors import DomainsError
from ui.data import compute
from ui.guide import state, strokes
from ui.shell import known_runs, session
from ui.shell import teaching as starts
from ui.shell.address import RUN, Part, refusal, shown_file
from ui.shell.teaching import Start

_STROKES, _BESIDE, _OTHERS = "strokes", "guide_beside", "others"
_LAYERS_OF, _MARKERS_OF = "layers_of", "markers_of"
_PRESET = "preset"
_BETWEEN = "/"  # which no file's name has
_MAX_TABLE = 1500  # characters of a table that an address carries
_MAX_SAID = 3  # entries of one list that are refused by name


def _query() -> dict[str, str]:
    file = _file()
    parts = {
        RUN: state.run(file),
        _STROKES: state.asked_for(file),
        _BESIDE: state.beside() if state.beside() != state.FIRST else "",
        _OTHERS: "1" if state.others() else "",
        **_start_query(starts.start(file)),
    }
    return {name: text for name, text in parts.items() if text}


def _start_query(start: Start) -> dict[str, str]:
    """Write what is chosen; a table that is too long is left out, as a reference from a file is: kept runs carry them."""
    table = start.table if start.kind == "markers" and len(start.table) <= _MAX_TABLE else ""
    return {_LAYERS_OF: _BETWEEN.join(start.files), _MARKERS_OF: table}


def carries(start: Start) -> bool:
    """Whether the address says all of what is chosen."""
    return not start.kind or any(_start_query(start).values())


def _start(query: Mapping[str, str]) -> tuple[Start, list[str]]:
    asked, table = dict.fromkeys(filter(None, query.get(_LAYERS_OF, "").split(_BETWEEN))), query.get(_MARKERS_OF, "")
    there = {summary.path.name for summary in compute.samples() if not summary.problem} - {session.sample_file()}
    missing = [file for file in asked if file not in there]
    sentences = [
        refusal("it must name other sections that are here.", _LAYERS_OF, file) for file in missing[:_MAX_SAID]
    ]
    files = tuple(file for file in asked if file in there)
    if files:
        return Start(kind="sections", files=files), sentences
    if len(table) > _MAX_TABLE:
        return starts.NOTHING, [*sentences, refusal("it must be a short table of marker genes.", _MARKERS_OF, table)]
    start = Start(kind="markers", table=table) if table else starts.NOTHING
    try:
        _ = start.markers
    except DomainsError as error:
        return starts.NOTHING, [*sentences, refusal(f"it must be a table of marker genes. {error}", _MARKERS_OF, table)]
    return start, sentences


def _file() -> str:
    return session.sample_file() or shown_file()


def _take_over(query: Mapping[str, str]) -> list[str]:
    sentences, file = [], session.sample_file()
    wanted, kind, others = query.get(_STROKES, ""), query.get(_BESIDE, state.FIRST), query.get(_OTHERS, "0")
    if wanted and not is_id(wanted):
        sentences.append(refusal("it must be the id of strokes.", _STROKES, wanted))
        wanted = ""
    start, refused = _start(query)
    sentences += refused
    if file is not None:
        state.choose(file, wanted)
        if start.kind:
            starts.choose(file, start)
        if (run := known_runs.guided_of_id(file, query.get(RUN, ""))) is not None:
            state.open_run(file, run.id)
            if _PRESET not in query:  # a link to the run itself, which says no more
                others = "1" if strokes.others_of(run) else "0"
    if kind not in state.BESIDE:
        sentences.append(refusal(f"it must be one of {', '.join(state.BESIDE)}.", _BESIDE, kind))
        kind = state.FIRST
    if others not in ("0", "1"):
        sentences.append(refusal("it must be 0 or 1.", _OTHERS, others))
    state.show_beside(kind)
    state.allow_others(others == "1")
    return sentences


def _state() -> object:
    file = _file()
    return state.run(file), state.asked_for(file), state.beside(), state.others(), _start_query(starts.start(file))


PART = Part(
    names=(_STROKES, _BESIDE, _OTHERS, _LAYERS_OF, _MARKERS_OF),
    query=_query,
    take_over=_take_over,
    state=_state,
    shows_guided=True,
)
