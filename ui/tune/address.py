"""What Tune adds to the address: the pinned result, whether it is drawn beside the shown one, and the chart below."""

from collections.abc import Mapping

from ui.shell import address, run_links
from ui.shell.address import Part, refusal
from ui.shell.session import Settings
from ui.tune import state

_PIN, _COMPARE, _CHART = "pin", "compare", "chart"
_PRESET = "preset"


def _query() -> dict[str, str]:
    pin, chart = _pin(), state.chart()
    found = {} if pin is None else {_PIN: pin} | ({_COMPARE: "1"} if state.comparing() else {})
    return found if chart == state.CHARTS[0] else found | {_CHART: chart.lower()}


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
    return sentences


PART = Part(names=(_PIN, _COMPARE, _CHART), query=_query, take_over=_take_over, state=state.of_address)
