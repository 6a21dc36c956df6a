"""Where spots lie in h5ad files, in the spellings of many tools: array positions and coordinates."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np
from scipy.spatial import cKDTree

from core.errors import SampleFileError
from core.io.h5ad import sections
from core.io.h5ad.arrays import MAX_COLUMNS, frame, member, names_in
from core.io.h5ad.matrices import narrow
from core.io.h5ad.modality import is_mudata
from core.io.h5ad.tables import Table
from core.text import counted, shown

OWN = "spatial_domains"
"""Group in `uns` of files that this program wrote."""

OWN_COORDS = "spatial_um"
"""Key in `obsm` of micrometres, x then y, in files that this program wrote."""

ARRAY_COLUMNS = (
    ("array_row", "array_col"),
    ("arrayrow", "arraycol"),
    ("array_rows", "array_cols"),
    ("x_array", "y_array"),  # SpaGCN calls rows x
    ("row", "col"),
)
"""Names of array row and array column, in lower case."""

SPAGCN = ("x_array", "x_pixel")
"""Columns by which a file of SpaGCN is known: there x is the row."""

COORD_COLUMNS = (
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("x_centroid", "y_centroid"),
    ("centerx_global_px", "centery_global_px"),
    ("center_x", "center_y"),
    ("x_um", "y_um"),
    ("x_mm", "y_mm"),
    ("x_slide_mm", "y_slide_mm"),
    ("x_global_px", "y_global_px"),
    ("x", "y"),
    ("x_location", "y_location"),
    ("x_coord", "y_coord"),
    ("xcoord", "ycoord"),
    ("coord_x", "coord_y"),
    ("x_position", "y_position"),
    ("spatial_x", "spatial_y"),
    ("pos_x", "pos_y"),
    ("x_pos", "y_pos"),
    ("x_pixel", "y_pixel"),
    ("pixel_x", "pixel_y"),
    ("imagecol", "imagerow"),
    ("sdimx", "sdimy"),
    ("x_loc", "y_loc"),
    ("x_coordinate", "y_coordinate"),
    ("spatial1", "spatial2"),
    ("spatial_1", "spatial_2"),
    ("centroid_x", "centroid_y"),
    ("cell_x", "cell_y"),
    ("centerx_local_px", "centery_local_px"),
    ("x_local_px", "y_local_px"),
)
"""Names of the horizontal and the vertical coordinate, in lower case."""

COSMX_UM_PER_PIXEL = 0.12028
"""Of CosMx, as NanoString's own readers scale its pixels."""

_UNITS = (
    (r"_(um|microns?|micrometers?)$", 1.0),
    (r"_mm$", 1000.0),
    (r"^center[xy]_(global|local)_px$", COSMX_UM_PER_PIXEL),
)
_XENIUM = {"transcript_counts", "cell_area"}
_OF_INSTRUMENTS = {
    ("x_centroid", "y_centroid"): _XENIUM,
    ("center_x", "center_y"): {"fov", "volume"},
}
"""Columns of Xenium and MERSCOPE in micrometres, and columns that are there beside them."""

_COORD_KEYS = (OWN_COORDS, "spatial", "x_spatial", "spatial_coords", "spatial_microns", "coords", "coordinates")
_LIKE_COORDS = re.compile(r"spatial|coord|(^|_)loc(ation)?s?($|_)|(^|_)xy($|_)|sdim|position|centroid|^global|fov")
_NEVER = re.compile(r"umap|tsne|pca|latent|neighbou?r|lsi|harmony|scvi|embed|graph|dist|border|image|rgb|feature")
_LEAST_TO_JUDGE = 12
_MOST_LISTED, _DEPTH_LISTED = 50, 4  # of `uns`, for a message


@dataclass(frozen=True, kw_only=True, eq=False)
class Coords:
    """One set of coordinates of all rows.

    Parameters
    ----------
    values : ndarray of shape (n_rows, 2), float
        Vertical, then horizontal.
    source : str
        Where they were found.
    um_per_unit : float, optional
        Where their names tell.
    planes : ndarray of shape (n_rows,), float, optional
        Their third column, where they have one.
    """

    values: np.ndarray
    source: str
    um_per_unit: float | None = None
    planes: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Positions:
    """Positions of all rows of a file, in the file's units.

    Parameters
    ----------
    array : ndarray of shape (n_rows, 2), float, or None
        Array row and column.
    array_from : str
        Where they were found.
    coords : ndarray of shape (n_rows, 2), float, or None
        Vertical, then horizontal coordinate.
    coords_from : str
        Where they were found.
    um_per_unit : float or None
        Of the coordinates, where their names tell.
    planes : ndarray of shape (n_rows,), float, or None
        Third column of the coordinates: sections that lie over one another have one value each.
    instead_of : str
        Coordinates that were passed over because they lay sections on one another; empty by default.
    exchanged_in : str
        Other coordinates that are the same with their axes exchanged; empty where there are none.
    """

    array: np.ndarray | None
    array_from: str
    coords: np.ndarray | None
    coords_from: str
    um_per_unit: float | None = None
    planes: np.ndarray | None = None
    instead_of: str = ""
    exchanged_in: str = ""

    @property
    def in_um(self) -> bool:
        """Whether the file itself says that coordinates are micrometres."""
        return self.coords_from == f"obsm/{OWN_COORDS}"

    @property
    def known(self) -> np.ndarray:
        """Which rows have a position; ndarray of shape (n_rows,), bool."""
        both = [np.isfinite(part).all(axis=1) for part in (self.array, self.coords) if part is not None]
        return np.asarray(np.logical_or.reduce(both))


def positions(file: h5py.File, obs: Table) -> Positions:
    """Find the positions of all rows.

    Parameters
    ----------
    file : h5py.File
    obs : Table

    Returns
    -------
    Positions

    Raises
    ------
    SampleFileError
        If there are none; the message names what could be meant.
    """
    array, array_from = _columns(obs, ARRAY_COLUMNS)
    every = list(_coordinates(file, obs)) or list(_of_all_kinds(file, obs))
    # Zeros in `obsm["spatial"]` stand for positions that were never filled in.
    every = [coords for coords in every if _are_apart(coords)] or every
    if array is None and not every:
        raise SampleFileError(
            'has no positions: neither `obsm["spatial"]`, nor columns such as `array_row` and `array_col`, or `x` and `y`, in '
            f"`obs`. Add one of them. {_there(file, obs)}"
        )
    chosen = _not_laid_over(every, obs)
    return Positions(
        array=array,
        array_from=array_from,
        coords=None if chosen is None else chosen.values,
        coords_from="" if chosen is None else chosen.source,
        um_per_unit=None if chosen is None else chosen.um_per_unit,
        planes=None if chosen is None else chosen.planes,
        instead_of=every[0].source if chosen is not None and chosen is not every[0] else "",
        exchanged_in=next((other.source for other in every if chosen is not None and _exchanged(other, chosen)), ""),
    )


def _are_apart(coords: Coords) -> bool:
    """Whether spots lie at more than one point."""
    known = coords.values[np.isfinite(coords.values).all(axis=1)]
    return len(known) > 0 and bool(np.ptp(known, axis=0).any())


def _exchanged(one: Coords, other: Coords) -> bool:
    """Whether x of one is y of the other, and that makes a difference."""
    turned = np.allclose(one.values[:, ::-1], other.values, rtol=1e-6, equal_nan=True)
    return turned and not np.allclose(one.values, other.values, rtol=1e-6, equal_nan=True)


def _not_laid_over(every: list[Coords], obs: Table) -> Coords | None:
    """Choose the first coordinates, or others where the first are local to fields of view."""
    columns = sections.candidates(obs) if len(every) > 1 else []
    for coords in every if columns else []:
        if not any(sections.laid_over(column.codes, coords.values) for column in columns):
            return coords
    return every[0] if every else None


def off_lattice_because(array: np.ndarray) -> str:
    """Say why array positions do not form a Visium lattice; empty if they do.

    Parameters
    ----------
    array : ndarray of shape (n_spots, 2), float

    Returns
    -------
    str
        The rest of a sentence that begins with where they were found.
    """
    if not np.isfinite(array).all() or (array != np.rint(array)).any() or np.abs(array).max(initial=0) >= 2**31:
        return "are not whole numbers"
    n_taken = len(array) - len(np.unique(array, axis=0))
    if n_taken:
        return f"are shared by {counted(n_taken, 'spot')} with others"
    if len(np.unique(array.sum(axis=1) % 2)) > 1:
        return "fill a square grid, not Visium's hexagonal one"
    if len(array) >= _LEAST_TO_JUDGE and not _has_neighbours(array):
        return "leave hardly any spot a neighbour beside it: pixels, it seems"
    return ""


def _has_neighbours(array: np.ndarray) -> bool:
    """Whether most spots have another where the lattice has the next ones: two columns or one row and one column away."""
    distances, _ = cKDTree(array).query(array, k=[2], p=1)
    return float(np.mean(np.asarray(distances) <= 2)) > 0.5


def _columns(obs: Table, pairs: tuple[tuple[str, str], ...]) -> tuple[np.ndarray | None, str]:
    return next(_all_columns(obs, pairs), (None, ""))


def _all_columns(obs: Table, pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[np.ndarray, str]]:
    spelled = {name.lower(): name for name in obs.columns}
    for pair in pairs:
        if not set(pair) <= set(spelled):
            continue
        first, second = (spelled[name] for name in pair)
        values = [obs.numbers(name) for name in (first, second)]
        known = [column for column in values if column is not None]
        if len(known) == 2:
            yield np.column_stack(known), f"obs/{first} and obs/{second}"


def _coordinates(file: h5py.File, obs: Table) -> Iterator[Coords]:
    """Yield coordinates, those that are most often meant first."""
    yield from embedded(file, obs)
    of_spagcn = set(SPAGCN) <= {name.lower() for name in obs.columns}
    for values, source in _all_columns(obs, COORD_COLUMNS):
        rows_first = of_spagcn and "_pixel" in source.lower()
        # Files have (x, y), a sample (vertical, horizontal): exchanged only here and for arrays below.
        ordered = values if rows_first else values[:, ::-1]
        yield Coords(values=np.ascontiguousarray(ordered), source=source, um_per_unit=_named_unit(source))


def measured(obs: Table) -> Iterator[Coords]:
    """Read coordinates in columns of which it is known what they are measured in.

    Parameters
    ----------
    obs : Table

    Yields
    ------
    Coords
        In micrometres, or with their unit.
    """
    titles = {name.lower() for name in obs.columns}
    in_um = [pair for pair, others in _OF_INSTRUMENTS.items() if others <= titles]
    for values, source in _all_columns(obs, COORD_COLUMNS):
        unit = 1.0 if _pair(source) in in_um else _named_unit(source)
        if unit is not None:
            yield Coords(values=np.ascontiguousarray(values[:, ::-1]), source=source, um_per_unit=unit)


def is_of_xenium(obs: Table) -> bool:
    """Say whether a table has the columns that Xenium gives each cell.

    Parameters
    ----------
    obs : Table

    Returns
    -------
    bool
    """
    return {name.lower() for name in obs.columns} >= _XENIUM


def _pair(source: str) -> tuple[str, ...]:
    return tuple(part.removeprefix("obs/").lower() for part in source.split(" and "))


def _named_unit(source: str) -> float | None:
    name = source.lower().rpartition("/")[2]
    return next((unit for pattern, unit in _UNITS if re.search(pattern, name)), None)


def embedded(file: h5py.File, obs: Table) -> Iterator[Coords]:
    """Read coordinates in `obsm`, those that are most often meant first.

    Parameters
    ----------
    file : h5py.File
    obs : Table

    Yields
    ------
    Coords
    """
    obsm = file.get("obsm")
    names = names_in(obsm)
    ordered = [name for key in _COORD_KEYS for name in names if name.lower() == key]
    others = [name for name in names if name not in ordered and _LIKE_COORDS.search(name.lower())]
    for name in ordered + [name for name in others if not _NEVER.search(name.lower())]:
        found = _of_frame(file, name, obs) if frame(file, name) is not None else member(obsm, name)
        if found is None:
            found = narrow(file, f"obsm/{name}", obs.n_rows, MAX_COLUMNS) if _is_sparse(obsm, name) else None
        if found is not None and found.ndim == 2 and found.shape[1] in (2, 3):
            _check_rows(name, found, obs.n_rows)
            values = np.ascontiguousarray(found[:, 1::-1].astype(np.float64))
            planes = found[:, 2].astype(np.float64) if found.shape[1] == 3 else None
            yield Coords(values=values, source=f"obsm/{name}", um_per_unit=_named_unit(name), planes=planes)


def _is_sparse(obsm: object, name: str) -> bool:
    item = obsm.get(name) if isinstance(obsm, h5py.Group) else None
    return isinstance(item, h5py.Group) and "indptr" in item


def _of_all_kinds(file: h5py.File, obs: Table) -> Iterator[Coords]:
    """Read coordinates beside all kinds of measurement of a MuData, where their rows are those of the RNA."""
    whole_file = file.file
    if not is_mudata(whole_file) or not isinstance(whole_file.get("obs"), h5py.Group):
        return
    of_all = Table(whole_file, "obs")
    if np.array_equal(of_all.index(), obs.index()):
        yield from embedded(whole_file, of_all)
        for values, source in _all_columns(of_all, COORD_COLUMNS):
            yield Coords(values=np.ascontiguousarray(values[:, ::-1]), source=source, um_per_unit=_named_unit(source))


def _of_frame(file: h5py.File, name: str, obs: Table) -> np.ndarray | None:
    """Read coordinates that were kept as a table with named columns."""
    table = frame(file, name)
    try:
        found = None if table is None else _columns(table, (*COORD_COLUMNS, ("0", "1")))[0]
    except SampleFileError:
        return None
    return found if found is None or len(found) == obs.n_rows else None


def _there(file: h5py.File, obs: Table) -> str:
    """Say what is there that could be meant."""
    in_obsm = ", ".join(f"`{shown(key, 40)}`" for key in _keys(file.get("obsm"))[:12]) or "nothing"
    in_obs = ", ".join(f"`{shown(name, 40)}`" for name in obs.columns[:12]) or "nothing"
    in_uns = ", ".join(f"`{shown(key, 60)}`" for key in _like_positions(file.get("uns"), obs.n_rows)[:12])
    also = (
        f" `uns` has arrays with two columns for each spot, which could be copied into `obsm`: {in_uns}."
        if in_uns
        else ""
    )
    return f"In `obsm` there is {in_obsm}; in `obs` {in_obs}.{also}"


def _like_positions(group: object, n_rows: int, depth: int = 0) -> list[str]:
    """List the arrays inside of groups that have a row for each spot, and two or three columns."""
    found = list[str]()
    for name in list(group)[:_MOST_LISTED] if isinstance(group, h5py.Group) and depth < _DEPTH_LISTED else []:
        item = group[name]  # type: ignore[index]
        if isinstance(item, h5py.Dataset) and item.shape in ((n_rows, 2), (n_rows, 3)):
            found.append(name)
        found += [f"{name}/{inner}" for inner in _like_positions(item, n_rows, depth + 1)]
    return found


def _keys(obsm: h5py.Group | h5py.Dataset | None) -> list[str]:
    """List the arrays of `obsm`, also those inside of groups, and which of them hold text."""
    found = []
    for name in names_in(obsm):
        item = obsm[name] if isinstance(obsm, h5py.Group) else None
        if isinstance(item, h5py.Group):
            found += [f"{name}/{inner}" for inner in item]
        else:
            is_text = isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None
            found.append(f"{name} (text)" if is_text else name)
    return found


def _check_rows(name: str, found: np.ndarray, n_rows: int) -> None:
    if len(found) != n_rows:
        raise SampleFileError(
            f"`obsm/{shown(name)}` has {counted(len(found), 'row')}, but `obs` has {n_rows}: each spot needs a position."
        )
