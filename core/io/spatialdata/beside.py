"""Polygons beside the mask that a table stands for: which row each belongs to, and how they lie over its cells.

`spatialdata-io` writes Xenium's table for the numbers of `cell_labels`, with polygons by the names of the cells in
`cell_boundaries`, and centres in micrometres in the table itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from core.errors import SampleFileError
from core.io.h5ad.tables import Table
from core.io.spatialdata import shapes
from core.io.spatialdata.store import Store
from core.io.spatialdata.transformations import Placement, placements
from core.text import counted, listed, shown

BESIDE = "cell_boundaries"
"""Polygons by the names of the cells, as `spatialdata-io` writes them for Xenium beside circles and masks."""

_COLUMNS = ("cell_id",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Polygons:
    """Polygons that have the names of rows.

    Parameters
    ----------
    names : ndarray of shape (n_rows,), str
        What each row's polygon is called.
    system : str or None
        Coordinate system in which polygons lie over their cells; None for the polygons' own axes.
    placed : mapping of str to Placement
        Of the polygons, by coordinate system.
    rings : sequence of Rings, or None
        See `shapes.Shapes`.
    """

    names: np.ndarray
    system: str | None
    placed: Mapping[str, Placement]
    rings: Sequence[shapes.Rings] | None


def matched(
    store: Store, obs: Table, instances: np.ndarray, rows: np.ndarray, xy: np.ndarray, system: str | None
) -> Polygons:
    """Match polygons to rows by their exact names, and find where they lie over the cells.

    Parameters
    ----------
    store : Store
        That has polygons.
    obs : Table
    instances : ndarray of shape (n_rows,), str
        Of the mask.
    rows : ndarray of shape (n_rows,), bool
        Which rows are wanted.
    xy : ndarray of shape (n_rows, 2), float64
        Where cells lie: in a coordinate system, or in axes of the table itself.
    system : str or None
        None of axes of the table itself.

    Returns
    -------
    Polygons

    Raises
    ------
    SampleFileError
        If polygons cannot be read, have other names, or lie elsewhere.
    """
    read = shapes.read(store, f"shapes/{BESIDE}")
    names = _names(obs, instances, rows, read.names)
    placed = placements(store.attributes(f"shapes/{BESIDE}").get("coordinateTransformations"))
    where = {name: number for number, name in enumerate(read.names.tolist())}
    found = np.array([where.get(name, -1) for name in names.tolist()], dtype=np.int64)
    has_polygon = rows & (found >= 0) & np.isfinite(xy).all(axis=1)
    for tried in [None, *placed] if system is None else [system]:
        if tried is not None and tried not in placed:
            continue
        centres = read.centres if tried is None else placed[tried].applied(read.centres)
        if _lie_over(centres[found[has_polygon]], xy[has_polygon]):
            return Polygons(names=names, system=tried, placed=placed, rings=read.rings)
    raise SampleFileError(f"The polygons of `{BESIDE}` with the names of the cells lie elsewhere than the cells.")


def _names(obs: Table, instances: np.ndarray, rows: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Choose the column that names most polygons; one of numbers only if it names one for every row."""
    known, best, n_best = set(polygons.tolist()), None, 0
    columns = [obs.text(name) for name in _COLUMNS if name in obs.columns]
    for names in [*columns, instances, obs.index()]:
        wanted = names[rows].tolist()
        n_found = sum(name in known for name in wanted)
        # Rows and polygons are often numbered from 0 or 1: numbers that hold of nearly all are others.
        is_numbered = all(name.isdigit() for name in wanted)
        if n_found > n_best and len(set(wanted)) == len(wanted) and (n_found == len(wanted) or not is_numbered):
            best, n_best = names, n_found
    if best is None:
        some = listed([shown(name, 40) for name in polygons[:3].tolist()])
        raise SampleFileError(
            f"None of the columns `{_COLUMNS[0]}`, the instance key and the index of the table has the names of the "
            f"{counted(len(polygons), 'polygon')} in `{BESIDE}` (such as {some})."
        )
    return best


def _lie_over(centres: np.ndarray, xy: np.ndarray) -> bool:
    """Whether polygons lie on their own cells, rather than on the next ones."""
    centres, xy = (values[np.isfinite(centres).all(axis=1)] for values in (centres, xy))
    if len(centres) < 2:
        return bool(len(centres))
    apart, _ = cKDTree(centres).query(centres, k=2)
    spacing = np.median(np.asarray(apart)[:, 1])
    return bool(np.median(np.linalg.norm(centres - xy, axis=1)) <= spacing / 2)
