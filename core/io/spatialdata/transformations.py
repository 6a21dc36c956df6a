"""Transformations of SpatialData: from an element's own axes to a coordinate system, as matrices.

The JSON is that of OME-NGFF's transformations as `spatialdata` writes them: identity, mapAxis, translation, scale, affine,
rotation and sequences of these, each with the names of its axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.text import shown

AXES = ("x", "y", "z", "c")
"""Order of the axes in a matrix; a last column holds what is added."""

GLOBAL = "global"
"""Coordinate system that every element has by default."""

UM = {"micrometer": 1.0, "micrometre": 1.0, "um": 1.0, "µm": 1.0, "micron": 1.0, "millimeter": 1000.0, "mm": 1000.0,
      "nanometer": 0.001, "nm": 0.001}  # fmt: skip
"""Micrometres of the units that axes can name."""

_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placement:
    """How an element lies in a coordinate system.

    Parameters
    ----------
    system : str
    matrix : ndarray of shape (3, 3)
        From (x, y, 1) of the element.
    um_per_unit : float or None
        None where the axes name no unit.
    """

    system: str
    matrix: np.ndarray
    um_per_unit: float | None

    def applied(self, xy: np.ndarray) -> np.ndarray:
        """Place points.

        Parameters
        ----------
        xy : ndarray of shape (n, 2)

        Returns
        -------
        ndarray of shape (n, 2)
            To the last bit the same where the matrix is the identity.
        """
        if (self.matrix == np.eye(3)).all():
            return xy
        return np.asarray(xy @ self.matrix[:2, :2].T + self.matrix[:2, 2])

    def undone(self, xy: np.ndarray) -> np.ndarray:
        """Bring points of the coordinate system back to the element.

        Parameters
        ----------
        xy : ndarray of shape (n, 2)

        Returns
        -------
        ndarray of shape (n, 2)
        """
        inverse = np.linalg.inv(self.matrix)
        return np.asarray(xy @ inverse[:2, :2].T + inverse[:2, 2])


def placements(found: Any) -> dict[str, Placement]:
    """Read the transformations of an element.

    Parameters
    ----------
    found : object
        `coordinateTransformations` of its attributes.

    Returns
    -------
    dict of str to Placement
        By coordinate system; the identity to `global` where there are none.

    Raises
    ------
    SampleFileError
        If one is damaged or of a kind that is not known.
    """
    every = found if isinstance(found, list) and found else [{"type": "identity", "output": {"name": GLOBAL}}]
    placed = [_placement(one) for one in every]
    return {one.system: one for one in placed}


def _placement(found: Any) -> Placement:
    try:
        output = found.get("output") or {}
        name = str(output.get("name", GLOBAL)) if isinstance(output, Mapping) else str(output)
        full = _matrix(found, ["x", "y"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SampleFileError("has a damaged transformation: write the store again.") from error
    plain = full[np.ix_([0, 1, 4], [0, 1, 4])]
    if not np.isfinite(plain).all() or abs(np.linalg.det(plain[:2, :2])) < 1e-300:
        raise SampleFileError("has a transformation that flattens the tissue: write the store again.")
    return Placement(system=name, matrix=plain, um_per_unit=_unit(output))


def _unit(output: Any) -> float | None:
    axes = output.get("axes", []) if isinstance(output, Mapping) else []
    units = {
        str(axis.get("unit")).lower() for axis in axes if isinstance(axis, Mapping) and axis.get("name") in ("x", "y")
    }
    return UM.get(units.pop()) if len(units) == 1 else None


def _matrix(found: Mapping[str, Any], axes: list[str], depth: int = 0) -> np.ndarray:
    """Make a matrix of one transformation; `axes` are those of the whole, for parts that name none."""
    kind = found["type"]
    given = _axes(found, "input", axes)
    if depth > _MAX_DEPTH:
        raise ValueError(kind)
    full = np.eye(5)
    if kind == "sequence":
        for part in found["transformations"]:
            full = _matrix(part, given, depth + 1) @ full
        return full
    if kind not in _KINDS:
        raise SampleFileError(f"has a transformation of the kind {shown(kind, 40)!r}, which is not known here.")
    sides = (given, _axes(found, "output", given))
    _KINDS[kind](full, found, *([AXES.index(name) for name in side] for side in sides))
    return full


def _axes(found: Mapping[str, Any], side: str, default: list[str]) -> list[str]:
    system = found.get(side)
    return [axis["name"] for axis in system["axes"]] if isinstance(system, Mapping) and "axes" in system else default


def _identity(full: np.ndarray, found: Mapping[str, Any], given: list[int], made: list[int]) -> None:
    """Leave the axes as they are."""


def _map_axis(full: np.ndarray, found: Mapping[str, Any], given: list[int], made: list[int]) -> None:
    for target, source in found["mapAxis"].items():
        row = np.zeros(5)
        row[AXES.index(source)] = 1
        full[AXES.index(target)] = row


def _translation(full: np.ndarray, found: Mapping[str, Any], given: list[int], made: list[int]) -> None:
    full[given, 4] = _numbers(found["translation"], (len(given),))


def _scale(full: np.ndarray, found: Mapping[str, Any], given: list[int], made: list[int]) -> None:
    full[given, given] = _numbers(found["scale"], (len(given),))


def _affine(full: np.ndarray, found: Mapping[str, Any], given: list[int], made: list[int]) -> None:
    values = _numbers(found["affine"], (len(made), len(given) + 1))
    full[np.ix_(made, [*given, 4])] = values


def _rotation(full: np.ndarray, found: Mapping[str, Any], given: list[int], made: list[int]) -> None:
    full[np.ix_(given, given)] = _numbers(np.ravel(found["rotation"]), (len(given) ** 2,)).reshape(len(given), -1)


def _numbers(found: Sequence[Any] | np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    values = np.array(found, dtype=np.float64)
    if values.shape != shape:
        raise ValueError(values.shape)
    return values


_KINDS = {
    "identity": _identity,
    "mapAxis": _map_axis,
    "translation": _translation,
    "scale": _scale,
    "affine": _affine,
    "rotation": _rotation,
}
