"""Regions on the tissue: the shape of each spot, outlines of regions, what lies around them, and what they enclose.

Knows positions and sets of spots, not files. On the Visium lattice a spot's shape is the hexagon that belongs to it; off the
lattice it is what lies nearer to it than to any other spot, no further than one and a half spacings away.
"""

import functools
from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay, QhullError, Voronoi

from core.coordinates import Coordinates
from core.method.neighbours import neighbour_graph

# Corners of a hexagon around a spot, in array columns and thirds of array rows: whole numbers, so that neighbours meet exactly.
_HEXAGON = np.array([(0, -2), (1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1)])
_SIX = np.array([(0, 1, 1), (1, 1, 1), (1, 1, 0)], dtype=bool)
_THIRDS = np.array([1.0, 3.0])
_SIDES = 16  # of what a cell is cut off with
_REACH = 1.5  # spacings
_GRID = 2.0**-20  # spacings


def ring(coordinates: Coordinates, inside: np.ndarray) -> np.ndarray:
    """Find the neighbours of a region that do not belong to it.

    Parameters
    ----------
    coordinates : Coordinates
    inside : ndarray of shape (n_spots,), bool

    Returns
    -------
    ndarray of shape (n_spots,), bool
    """
    touched = _graph(coordinates) @ inside.astype(np.float64) > 0
    return np.asarray(touched & ~inside)


def enclosed(coordinates: Coordinates, inside: np.ndarray) -> np.ndarray:
    """Find the spots in the holes of a region.

    Parameters
    ----------
    coordinates : Coordinates
    inside : ndarray of shape (n_spots,), bool

    Returns
    -------
    ndarray of shape (n_spots,), bool
        Spots that the outer border of a part of the region runs around, and that do not belong to it.
    """
    if inside.all() or not inside.any():
        return np.zeros_like(inside)
    found = _enclosed_on_lattice if coordinates.on_lattice else _enclosed_among_cells
    return found(coordinates, inside) & ~inside


def contains(area: shapely.Geometry, points: np.ndarray) -> np.ndarray:
    """Find the points in an area, as shapely decides it.

    Parameters
    ----------
    area : shapely.Geometry
    points : ndarray of shape (n_points, 2), float
        x and y, in the unit of the area.

    Returns
    -------
    ndarray of shape (n_points,), bool
        Points on the border belong to it.
    """
    shapely.prepare(area)
    return np.asarray(shapely.intersects_xy(area, points[:, 0], points[:, 1]))


def outline(coordinates: Coordinates, inside: np.ndarray) -> shapely.Geometry:
    """Join the shapes of the spots of a region.

    Parameters
    ----------
    coordinates : Coordinates
    inside : ndarray of shape (n_spots,), bool

    Returns
    -------
    shapely.Geometry
        Polygon or MultiPolygon, empty without spots. On the lattice in array columns and thirds of array rows
        (see :func:`from_lattice`), off it in um, x and y.
    """
    return joined(shapes(coordinates)[inside], _spacing(coordinates))


def joined(parts: np.ndarray, spacing: float) -> shapely.Geometry:
    """Join shapes that meet at their edges.

    Parameters
    ----------
    parts : ndarray of shapely.Polygon
    spacing : float
        Usual distance between spots, in the unit of the shapes.

    Returns
    -------
    shapely.Geometry
    """
    # Edges that two cells share end where each is cut off, and differ in the last digits: without a grid a gap stays between.
    return shapely.union_all(parts, grid_size=_GRID * spacing)


def shapes(coordinates: Coordinates) -> np.ndarray:
    """Give the shape of every spot.

    Parameters
    ----------
    coordinates : Coordinates

    Returns
    -------
    ndarray of shape (n_spots,), shapely.Polygon
        In the units of :func:`outline`; no two overlap, except those of spots that share a position.
    """
    return _shapes(coordinates)


@functools.lru_cache(maxsize=4)
def _graph(coordinates: Coordinates) -> sparse.csr_array:
    return neighbour_graph(coordinates)


@functools.lru_cache(maxsize=4)
def _shapes(coordinates: Coordinates) -> np.ndarray:
    points = _in_plane(coordinates)
    if coordinates.on_lattice:
        return np.asarray(shapely.polygons(points[:, None] + _HEXAGON))
    return cells(points, _spacing(coordinates))


def _enclosed_on_lattice(coordinates: Coordinates, inside: np.ndarray) -> np.ndarray:
    rows, columns = np.round(coordinates.positions).astype(np.int64).T
    along = (columns - rows) >> 1  # with the row, a step of it reaches each of the six neighbours
    place = rows - rows.min(), along - along.min()
    region = np.zeros((place[0].max() + 1, place[1].max() + 1), dtype=bool)
    region[place[0][inside], place[1][inside]] = True
    filled = ndimage.binary_fill_holes(region, structure=_SIX)
    return np.asarray(filled[place])


def _enclosed_among_cells(coordinates: Coordinates, inside: np.ndarray) -> np.ndarray:
    """Walk from outside the tissue through cells of other spots, and through gaps between cells, as far as the region lets."""
    plane = _plane(coordinates)
    if plane is None:  # spots on one line enclose nothing
        return np.zeros_like(inside)
    taken = np.zeros(len(plane.places), dtype=bool)
    taken[plane.index[inside]] = True
    open_links = plane.links[~(taken[np.minimum(plane.links, len(taken) - 1)] & (plane.links < len(taken))).any(axis=1)]
    n_nodes = plane.outside + 1
    graph = sparse.coo_array((np.ones(len(open_links), dtype=np.int8), open_links.T), shape=(n_nodes, n_nodes))
    _, part = csgraph.connected_components(graph, directed=False)
    return np.asarray(part[plane.index] != part[plane.outside])


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """What touches what: places of spots come first, then gaps (triangles whose middle is far from all spots), last the outside."""

    places: np.ndarray
    index: np.ndarray  # of the place of each spot
    links: np.ndarray  # (n_links, 2)

    @property
    def outside(self) -> int:
        return int(self.links[-1, 1])


@functools.lru_cache(maxsize=4)
def _plane(coordinates: Coordinates) -> _Plane | None:
    places, index = _places(coordinates.tissue_um)
    try:
        triangles = Delaunay(places - places.mean(axis=0))
    except (QhullError, ValueError):
        return None
    return _Plane(places, index, _touching(triangles, _REACH * _spacing(coordinates)))


def _touching(triangles: Delaunay, reach: float) -> np.ndarray:
    corners, beside, points = triangles.simplices, triangles.neighbors, triangles.points
    n_places, outside = len(points), len(points) + len(corners)
    middles = _middles(points[corners])
    gap = ~(np.hypot(*(middles - points[corners[:, 0]]).T) <= reach)
    number, opposite = np.nonzero(gap[:, None] & (gap[beside] | (beside < 0)))
    one, other = (points[corners[number, (opposite + step) % 3]] for step in (1, 2))
    across, half = beside[number, opposite], (one + other) / 2
    # Between two spots of a region a gap goes on where they are far apart, or where both its middles lie on one side of them.
    ends = np.where((across < 0)[:, None], half + (half - points[corners[number, opposite]]) * 1e6, middles[across])
    passes = (np.hypot(*(one - other).T) > 2 * reach) | ~(((middles[number] - half) * (ends - half)).sum(axis=1) <= 0)
    gaps = np.column_stack([number, np.where(across < 0, outside - n_places, across)])[passes] + n_places
    rims = np.column_stack([np.repeat(np.flatnonzero(gap), 3) + n_places, corners[gap].ravel()])
    hull = np.unique(triangles.convex_hull)
    return np.concatenate(
        [_sides(triangles, middles, reach), rims, gaps, np.column_stack([hull, np.full(len(hull), outside)])]
    )


def _sides(triangles: Delaunay, middles: np.ndarray, reach: float) -> np.ndarray:
    """Spots of which cells share an edge: not those that share a corner alone, as on a grid of squares."""
    number, opposite = np.nonzero(triangles.neighbors < np.arange(len(middles))[:, None])  # each side once
    across = triangles.neighbors[number, opposite]
    edge = (across < 0) | ~(np.abs(middles[number] - middles[across]).max(axis=1) < _GRID * reach)
    number, opposite = number[edge], opposite[edge]
    return np.column_stack([triangles.simplices[number, (opposite + step) % 3] for step in (1, 2)])


def _middles(corners: np.ndarray) -> np.ndarray:
    """Centres of the circles through three points each; not finite where they lie on one line."""
    first, *others = corners.transpose(1, 0, 2)
    (ax, ay), (bx, by) = ((point - first).T for point in others)
    with np.errstate(divide="ignore", invalid="ignore"):
        twice, a, b = 2 * (ax * by - ay * bx), ax**2 + ay**2, bx**2 + by**2
        return np.asarray(first + np.column_stack([(by * a - ay * b) / twice, (ax * b - bx * a) / twice]))


def _spacing(coordinates: Coordinates) -> float:
    """Usual distance between spots, in the units of :func:`outline`; whole numbers stay as they are on its grid."""
    return 1.0 if coordinates.on_lattice else float(np.sqrt(coordinates.spot_um2))


def _in_plane(coordinates: Coordinates) -> np.ndarray:
    """Positions in the units of :func:`outline`."""
    return coordinates.positions[:, ::-1] * _THIRDS if coordinates.on_lattice else coordinates.tissue_um


def cells(points: np.ndarray, spacing: float) -> np.ndarray:
    """Divide the plane among points, and cut off what lies far from all of them.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2), float
    spacing : float
        Usual distance between neighbours.

    Returns
    -------
    ndarray of shape (n_points,), shapely.Polygon
        Points that share a position share a cell.

    Notes
    -----
    Voronoi (1908). Points far outside close the cells of the rim.
    """
    places, index = _places(points)
    middle, extent = places.mean(axis=0), np.ptp(places, axis=0).max() + 4 * spacing
    around = middle + 4 * extent * np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)])
    found = Voronoi(np.concatenate([places - middle, around - middle]))
    corners = [found.regions[number] for number in found.point_region[: len(places)]]
    n_corners = np.array([len(numbers) for numbers in corners])
    rings, owners = found.vertices[np.concatenate(corners)] + middle, np.repeat(np.arange(len(places)), n_corners)
    whole = np.asarray(shapely.polygons(shapely.linearrings(rings, indices=owners)))
    far = np.unique(owners[np.hypot(*(rings - places[owners]).T) > _REACH * spacing])
    whole[far] = shapely.intersection(whole[far], _around(places[far], _REACH * spacing))
    return np.asarray(whole[index])


def _places(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points that differ, ordered by x and then y, and the index of each among them; as numpy's `unique`, in a tenth of its time."""
    order = np.lexsort(points.T[::-1])
    new = np.concatenate([[True], (np.diff(points[order], axis=0) != 0).any(axis=1)])
    index = np.empty(len(points), dtype=np.int64)
    index[order] = np.cumsum(new) - 1
    return points[order][new], index


def _around(places: np.ndarray, radius: float) -> np.ndarray:
    turns = np.arange(_SIDES) * 2 * np.pi / _SIDES
    return np.asarray(shapely.polygons(places[:, None] + radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)))


def _parts(area: shapely.Geometry) -> np.ndarray:
    return np.asarray(shapely.get_parts(area))
