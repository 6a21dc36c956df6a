"""Several sections in one file: which column tells them apart, so that they are never laid over one another.

A column tells sections apart by its name and by where its classes lie: over one another, or far from one another. Fields of view
of one section, which lie side by side, are one.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from scipy.spatial import cKDTree

from core.errors import SampleFileError
from core.io.h5ad.tables import Table
from core.io.hdf5.text import decoded, read_text
from core.io.spot_names import mark

MAX_SECTIONS = 1000

_NAMED = re.compile(
    r"(.*_)?(library|sample|section|slide|slice|batch|fov|donor|subject|mouse|animal|puck|run|specimen|patient"
    r"|z|bregma|plane|dataset|z_?stack|z_?plane|z_?index|block|replicate|field|field_of_view)"
    r"s?(_?(id|ids|name|key|number|nr|label|ident|index))?|(.*)\.ident"
)
_N_LOOKED_AT = 20_000
_NAMES_LOOKED_AT = 5_000
_LEAST_SHARE = 0.002
_FAR = 10.0
"""Spacings of spots between sections that lie apart."""

_SHARED_AREA = 0.3
_LEAST_IN_PLANE = 10
_MIXED = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """A column that could tell sections apart.

    Parameters
    ----------
    name : str
    codes : ndarray of shape (n_rows,), int
        -1 where a row has none.
    names : list of str
        Of the classes.
    """

    name: str
    codes: np.ndarray
    names: list[str]

    @property
    def is_part(self) -> bool:
        """Whether its classes are parts of a section, such as fields of view."""
        return re.search("fov|field", self.name.lower()) is not None

    def used(self, rows: np.ndarray) -> list[str]:
        """Names of classes that some rows have."""
        codes = self.codes[rows]
        return [self.names[code] for code in np.unique(codes[codes >= 0])]


def is_named_so(title: str) -> bool:
    """Say whether a column is called as those are that tell sections, or parts of them, apart.

    Parameters
    ----------
    title : str

    Returns
    -------
    bool
    """
    return _NAMED.fullmatch(title.lower()) is not None


def candidates(obs: Table) -> list[Column]:
    """Find the columns whose names say that they tell sections apart.

    Parameters
    ----------
    obs : Table

    Returns
    -------
    list of Column
        With two classes at least, `fov` and other parts of sections last.
    """
    named = [name for name in obs.columns if is_named_so(name)]
    found = [one for name in named if (one := column(obs, name)) is not None]
    return sorted(found, key=lambda column: column.is_part)


def by_planes(planes: np.ndarray | None) -> Column | None:
    """Tell sections apart by the third of three coordinates.

    Parameters
    ----------
    planes : ndarray of shape (n_rows,), float, or None

    Returns
    -------
    Column or None
        None where it has one value, or nearly as many as there are rows.
    """
    if planes is None or not np.isfinite(planes).all():
        return None
    values, codes = np.unique(planes, return_inverse=True)
    is_few = 2 <= len(values) <= MAX_SECTIONS and len(values) <= len(planes) / _LEAST_IN_PLANE
    return Column(name="z", codes=codes, names=[f"{value:g}" for value in values.tolist()]) if is_few else None


def of_spatialdata(file: h5py.File, obs: Table) -> str | None:
    """Find the column by which SpatialData tells the elements that rows belong to, which is no annotation.

    Parameters
    ----------
    file : h5py.File
    obs : Table

    Returns
    -------
    str or None
    """
    key = file.get("uns/spatialdata_attrs/region_key")
    named = [decoded(text) for text in read_text(key)] if _is_text(key) else []
    beside = {"instance_id", "instance_key", "cell_id", "location_id", "spot_id"} & set(obs.columns)
    return next((name for name in (*named, *(["region"] if beside else [])) if name in obs.columns), None)


def _is_text(item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None


def by_names(index: np.ndarray) -> Column | None:
    """Tell sections apart by what joining them put around the names of spots.

    Parameters
    ----------
    index : ndarray of shape (n_rows,), str

    Returns
    -------
    Column or None
    """
    some = Counter(mark(name) for name in index[:: max(1, -(-len(index) // _NAMES_LOOKED_AT))].tolist())
    # Numbers of cells, such as those of `cell_17`, are no marks: each is rare.
    if not 2 <= len(some) <= MAX_SECTIONS or min(some.values()) < _LEAST_SHARE * some.total():
        return None
    marks = np.array([mark(name) for name in index.tolist()], dtype=str)
    names, codes = np.unique(marks, return_inverse=True)
    found = Column(name="names of spots", codes=codes, names=[name or "no mark" for name in names.tolist()])
    return found if 2 <= len(names) <= MAX_SECTIONS else None


def column(obs: Table, name: str) -> Column | None:
    """Read a column as sections.

    Parameters
    ----------
    obs : Table
    name : str

    Returns
    -------
    Column or None
        None where it cannot be read, or holds one class or very many.
    """
    try:
        if obs.has_more_classes(name, MAX_SECTIONS):
            return None
        classes = obs.classes(name)
        if classes is not None:
            codes, names = classes.codes, [str(value) for value in classes.names.tolist()]
        elif (numbers := obs.numbers(name)) is not None and np.isfinite(numbers).all():
            values, codes = np.unique(numbers, return_inverse=True)
            names = [f"{value:g}" for value in values.tolist()]
        else:
            return None
    except SampleFileError:
        return None
    n_used = len(np.unique(codes[codes >= 0]))
    return Column(name=name, codes=codes, names=names) if 2 <= n_used <= MAX_SECTIONS else None


def laid_over(codes: np.ndarray, coords: np.ndarray) -> bool:
    """Whether classes lie over one another, as sections do that were joined without being moved.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,), int
    coords : ndarray of shape (n_rows, 2)

    Returns
    -------
    bool
        Whether the boxes around two classes share a good part of the smaller, and spots of different classes are neighbours
        throughout.
    """
    codes, coords = _some(codes, coords)
    if not len(codes) or not _boxes_overlap(codes, coords):
        return False
    nearest = np.asarray(cKDTree(coords).query(coords, k=[1, 2])[1])
    own = np.arange(len(codes))
    # Of two spots at one place the tree may name either first.
    other = np.where(nearest[:, 0] == own, nearest[:, 1], nearest[:, 0])
    return float((codes[other] != codes).mean()) > _MIXED


def far_apart(codes: np.ndarray, coords: np.ndarray) -> bool:
    """Whether every class lies far from all others.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,), int
    coords : ndarray of shape (n_rows, 2)

    Returns
    -------
    bool
    """
    codes, coords = _some(codes, coords)
    known = np.unique(codes)
    if len(known) < 2:
        return False
    distances, _ = cKDTree(coords).query(coords, k=[2])
    spacing = float(np.median(distances))
    return spacing > 0 and all(_gap(codes == code, coords) > _FAR * spacing for code in known)


def _gap(inside: np.ndarray, coords: np.ndarray) -> float:
    distances, _ = cKDTree(coords[~inside]).query(coords[inside], k=[1])
    return float(np.min(distances))


def _some(codes: np.ndarray, coords: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.flatnonzero((codes >= 0) & np.isfinite(coords).all(axis=1))
    rows = known[:: -(-len(known) // _N_LOOKED_AT)] if len(known) else known
    return codes[rows], coords[rows]


def _boxes_overlap(codes: np.ndarray, coords: np.ndarray) -> bool:
    known = np.unique(codes)
    low = np.array([coords[codes == code].min(axis=0) for code in known])
    high = np.array([coords[codes == code].max(axis=0) for code in known])
    areas = np.prod(high - low, axis=1)
    sides = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    shared = np.prod(np.clip(sides, 0, None), axis=2)
    np.fill_diagonal(shared, 0)
    smaller = np.minimum(areas[:, None], areas[None])
    return bool((shared > _SHARED_AREA * smaller).any())
