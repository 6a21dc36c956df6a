"""What jobs are asked and give, as JSON and plain arrays: kept on disk and read back without pickle.

Only the kinds of object that are listed here can be written, and only they are made when reading.
"""

import base64
import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import depth, params, result
from core.errors import WorkError
from core.evaluation.markers import Markers
from core.method import how_many
from core.work.tasks import SampleFile

_OTHERS = (Markers, how_many.AtNumber, how_many.Curve, SampleFile)
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    # All of the parameters of a method and of a result, also those that are still to be thought of.
    for kind in (*(kind for module in (params, depth, result) for kind in vars(module).values()), *_OTHERS)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}


def encoded(value: Any, arrays: list[np.ndarray]) -> Any:
    """Write a value as JSON has it.

    Parameters
    ----------
    value : object
    arrays : list of ndarray
        Those in the value are put here; JSON holds their place.

    Returns
    -------
    object

    Raises
    ------
    WorkError
        If it holds something of a kind that is not known here.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return {"path": str(value)}
    return _encoded_many(value, arrays)


def _encoded_many(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, tuple | list):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [encoded(item, arrays) for item in value]}
    if isinstance(value, Mapping):
        return {"pairs": [[encoded(key, arrays), encoded(item, arrays)] for key, item in value.items()]}
    kind = type(value).__name__
    if _KINDS.get(kind) is not type(value):
        raise WorkError(f"A {kind} cannot be kept on disk.")
    fields = {item.name: encoded(getattr(value, item.name), arrays) for item in dataclasses.fields(value)}
    return {"kind": kind, "fields": fields}


def decoded(written: Any, arrays: list[np.ndarray]) -> Any:
    """Read a value back.

    Parameters
    ----------
    written : object
        From :func:`encoded`.
    arrays : list of ndarray

    Returns
    -------
    object

    Raises
    ------
    KeyError, ValueError, TypeError, IndexError or ParameterError
        If that is not what was written, or by another version.
    """
    if not isinstance(written, dict):
        return written
    if "array" in written:
        return arrays[written["array"]]
    if "path" in written:
        return Path(written["path"])
    if "pairs" in written:
        return {decoded(key, arrays): decoded(item, arrays) for key, item in written["pairs"]}
    if "kind" in written:
        fields = {name: decoded(item, arrays) for name, item in written["fields"].items()}
        return _KINDS[written["kind"]](**fields)
    if "tuple" in written:
        return tuple(decoded(item, arrays) for item in written["tuple"])
    return [decoded(item, arrays) for item in written["list"]]


def as_text(array: np.ndarray) -> str:
    """Write an array into a line of text.

    Parameters
    ----------
    array : ndarray
        Of numbers or text.

    Returns
    -------
    str
    """
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode()


def from_text(text: str) -> np.ndarray:
    """Read an array back.

    Parameters
    ----------
    text : str

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If that is not what was written.
    """
    array: np.ndarray = np.lib.format.read_array(io.BytesIO(base64.b64decode(text, validate=True)), allow_pickle=False)
    return array
