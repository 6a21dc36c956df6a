"""What Tune adds to the address: the pinned result, whether it is drawn, the chart below, what it shows, and what is asked of it."""

from collections.abc import Mapping

from core.errors import ParameterError
from core.method.tree import FEWEST, MOST
from ui.shell import address, run_links
from ui.shell.address import Part, refusal
from ui.shell.asking import address as asking
from ui.shell.session import Settings
from ui.tune import inside_address, state

_PIN, _COMPARE, _CHART, _TREE, _INSIDE = "pin", "compare", "chart", "tree", "inside"
_BRANCH, _DOMAIN = "branch", "domain"
_PRESET = "preset"
_LONGEST_NUMBER = 6  # digits


def _query() -> dict[str, str]:
    pin, chart = _pin(), state.chart()
    found = {} if pin is None else {_PIN: pin} | ({_COMPARE: "1"} if state.comparing() else {})
    found |= {} if chart == state.CHARTS[0] else {_CHART: chart.lower()}
    found |= {} if (cut := state.tree_cut()) is None else {_TREE: str(cut)}
    found |= {_INSIDE: parts} if (parts := inside_address.written(state.splits())) else {}
    found |= {_BRANCH: branch} if chart == "Tree" and (branch := state.branch()) else {}
    found |= {_DOMAIN: str(domain)} if chart == "Markers" and (domain := state.domain_of_markers()) is not None else {}
    return found | (asking.query() if chart == "Ask" else state.axes() if chart == "Expression" else {})


def _pin() -> str | None:
    """Write the settings of the pinned result: its preset, and then the knobs that were moved."""
    if (asked := state.asked_pin()) is not None:
        return _written(asked)
    drawn = state.shown()
    sample = None if drawn is None else drawn[0].sample
    pinned = None if sample is None else state.pinned(sample.content_hash)
    if sample is None or pinned is None:
        return None
    return _written(run_links.settings_for(pinned.params, sample))


def _written(settings: Settings) -> str:
    query = address.query_of(settings)
    return ",".join([query.pop(_PRESET), *(f"{name}={value}" for name, value in query.items())])


def _take_over(query: Mapping[str, str]) -> list[str]:
    text = query.get(_PIN, "")
    sentences: list[str] = []
    asked: Settings | None = None
    if text:
        name, *moved = text.split(",")
        knobs = dict(part.partition("=")[::2] for part in moved)
        asked, sentences = address.settings_of({**knobs, _PRESET: name})
    state.ask_for_pin(asked)
    state.compare(bool(text) and query.get(_COMPARE) == "1")
    chart = next((chart for chart in state.CHARTS if chart.lower() == query.get(_CHART)), None)
    if chart is None and _CHART in query:
        allowed = ", ".join(chart.lower() for chart in state.CHARTS)
        sentences.append(refusal(f"it must be one of {allowed}.", _CHART, query[_CHART]))
    state.choose_chart(chart or state.CHARTS[0])
    asking.take_over(query)
    state.choose_branch(query.get(_BRANCH) or None)
    return [
        *sentences,
        *_take_over_axes(query),
        *_take_over_tree(query.get(_TREE, "")),
        *_take_over_domain(query.get(_DOMAIN, "")),
        *_take_over_inside(query.get(_INSIDE, "")),
    ]


def _take_over_axes(query: Mapping[str, str]) -> list[str]:
    asked = {entry: query[entry] for entry in state.AXES if entry in query}
    refused = {entry: text for entry, text in asked.items() if text not in state.AXES[entry]}
    state.take_axes({entry: text for entry, text in asked.items() if entry not in refused})
    return [
        refusal(f"it must be one of {', '.join(state.AXES[entry])}.", entry, text) for entry, text in refused.items()
    ]


def _take_over_tree(text: str) -> list[str]:
    known = text.isascii() and text.isdigit() and FEWEST <= int(text[:3]) <= MOST
    state.cut_tree(int(text) if known else None)
    return [] if known or not text else [refusal(f"it must be a whole number from {FEWEST} to {MOST}.", _TREE, text)]


def _take_over_domain(text: str) -> list[str]:
    known = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    state.choose_domain_of_markers(int(text) if known else None)
    return [] if known or not text else [refusal("it must be the number of a domain.", _DOMAIN, text)]


def _take_over_inside(text: str) -> list[str]:
    try:
        state.ask_for_splits(inside_address.read(text))
    except ParameterError as error:
        state.ask_for_splits(())
        return [refusal(str(error), _INSIDE, text)]
    return []


def _state() -> object:
    return state.of_address(), inside_address.written(state.splits())


PART = Part(
    names=(_PIN, _COMPARE, _CHART, _TREE, _BRANCH, _DOMAIN, _INSIDE, *state.AXES),
    query=_query,
    take_over=_take_over,
    state=_state,
)
