"""How version 0.1 wrote parameters, where that meant something else: read here alone, and never written.

It averaged spatial factors by a knob of their own, `hops`, and neither window nor scale took part in them; nor did the X weight
in mixtures. Now the window k does what k - 1 hops did, a scale of 1 changes nothing, and so does an X weight of 1.
"""

from collections.abc import Iterable, Mapping
from typing import Any

HOPS = "hops"
REPLACED = "There is no knob 'hops' any more: use window, which is one more (2 averages spatial factors as often as 1 hop did)."

_PATHS = {
    "hops": "embedding.hops",
    "embedding": "embedding.kind",
    "window": "pooling.window",
    "scale": "pooling.scale",
    "read_out": "clustering.read_out",
    "x_weight": "clustering.x_weight",
}
_NAMES = {name: name for name in _PATHS}
_UNUSED = {"window": 6, "scale": 2.0}


def renewed(values: Mapping[str, Any], embedding: str = "none") -> dict[str, Any]:
    """Read parameters of version 0.1, which are told by their `hops`; others stay as they are.

    Parameters
    ----------
    values : mapping of str to object
        Values by the name or the path of their knob; in an address as text.
    embedding : str
        Where the values do not say it.

    Returns
    -------
    dict of str to object
        What is no number of hops stays, for the reader to refuse.
    """
    called = _PATHS if _PATHS["hops"] in values else _NAMES
    hops = _whole(values.get(called["hops"]))
    if hops is None:
        return dict(values)
    new = {name: value for name, value in values.items() if name != called["hops"]}
    if values.get(called["embedding"], embedding) == "factors":
        new |= {called["window"]: _as(values[called["hops"]], hops + 1 if hops >= 0 else hops), called["scale"]: 1.0}
    if values.get(called["read_out"]) == "mixture" and called["x_weight"] in values:
        new[called["x_weight"]] = 1.0
    return new


def renewed_steps(plain: Any) -> Any:
    """Read plain values in which parameters of version 0.1 may lie, as one mapping for each step.

    Parameters
    ----------
    plain : object

    Returns
    -------
    object
    """
    if isinstance(plain, list):
        return [renewed_steps(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if not isinstance(plain.get("embedding"), dict) or HOPS not in plain["embedding"]:
        return {name: renewed_steps(item) for name, item in plain.items()}
    flat = renewed({f"{step}.{name}": value for step, own in plain.items() for name, value in own.items()})
    steps: dict[str, dict[str, Any]] = {step: {} for step in plain}
    for path, value in flat.items():
        step, name = path.split(".")
        steps[step][name] = value
    return steps


def as_then(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write parameters as version 0.1 did, where it knew their like: what is named by a digest of them keeps its name.

    Parameters
    ----------
    values : mapping of str to object
        By the names of knobs.

    Returns
    -------
    dict of str to object
        The values themselves, where version 0.1 could not have written them.
    """
    known = dict(values)
    if known.pop("degree") != 3 or known["window"] < 1:
        return dict(values)
    of_factors = {HOPS: known["window"] - 1, **_UNUSED} if known["embedding"] == "factors" else {HOPS: 1}
    then = known | of_factors
    return then if renewed(then) == known else dict(values)


def shifted(turned: Iterable[Mapping[str, Any]], by: int) -> list[dict[str, Any]]:
    """Read the hops that a sweep of version 0.1 turns as windows, or write them so.

    Parameters
    ----------
    turned : iterable of mapping
        Axes or ranges, as plans have them.
    by : {1, -1, 0}
        1 to read, -1 to write, 0 to leave them.

    Returns
    -------
    list of dict
    """
    old, new = (HOPS, "window") if by == 1 else ("window", HOPS)
    return [_shifted(item, new, by) if by and item["knob"] == old else dict(item) for item in turned]


def _shifted(item: Mapping[str, Any], knob: str, by: int) -> dict[str, Any]:
    if "values" in item:
        return {**item, "knob": knob, "values": [value + by for value in item["values"]]}
    return {**item, "knob": knob, "low": item["low"] + by, "high": item["high"] + by}


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 4:
        return int(value)
    return value if type(value) is int else None


def _as(written: Any, value: int) -> Any:
    return str(value) if isinstance(written, str) else value
