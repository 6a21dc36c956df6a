"""Laminar tissue of any size, made by a program: for scale tests and for questions whose answer must be known.

The lattice, the layers, the genes and the noise resemble the section that ships with the project; how closely, and
what is left out, is described in `docs/decisions/0002-synthetic-tissue.md`.
"""

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import sparse
from scipy.special import expit

from core.declarations import StepParams, knob
from core.io import OnProgress
from core.params import MAX_SEED
from core.sample import DENSE_LIMIT, Expression, Sample

ROW_UM, COL_UM = 86.6, 50.0
"""Micrometres between array rows, and between array columns, of a Visium slide."""

_SPOT_SPACING_UM = 100.0

# Measured on spca_dat/151673.h5 (2929 spots, 2000 genes); tests/core/io/test_synthetic.py measures them again.
LAYER_SHARES = (232 / 2929, 98 / 2929, 532 / 2929, 189 / 2929, 673 / 2929, 692 / 2929)
"""Of all spots, from the surface down; the rest is white matter."""
LAYER_LOG_SIZES = (-0.86, 0.04, 0.19, 0.25, 0.28, -0.12, -0.11)
"""Mean log library size of Layer1 .. Layer6 and WM, less that of all spots."""
SIZE_SD = 0.428
"""Standard deviation of log library sizes inside a layer."""
SIZE_SMOOTH_SHARE = 0.65
"""Share of that variance which is common between neighbours (correlation 0.51 at 100 um, 0.24 at 400, 0.11 at 1600)."""
SIZE_WAVE_UM = (100.0, 2000.0)
"""Range of length scales of the shared part, which reproduces that fall."""
GENE_MEAN_LEVELS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
GENE_LOG_MEANS = (-3.86, -2.99, -2.73, -2.51, -2.31, -2.12, -1.91, -1.63, -1.23, -0.24, 0.69, 1.68, 2.05, 2.89, 4.73)
"""Quantiles of the log mean count of a gene, at these levels."""
DISPERSION = (0.065, 0.035)
"""Variance / mean - 1 = first + second x mean, for counts of one gene in spots of one layer and size."""
DISPERSION_SD = 0.4
"""Of a gene's log dispersion around that line."""
PROGRAMME_SHARES = {"WM": 0.245, "grey": 0.51, "gradient": 0.07, "layer": 0.07, "background": 0.105}
"""Share of genes that follow each pattern over the layers most closely; measured on the 388 genes with a mean above 0.3."""
PROGRAMME_LOG_FOLDS = {"WM": 1.74, "grey": -0.83, "gradient": 2.0, "layer": 0.9, "background": 0.0}
"""Median log fold between where the pattern is full and where it is absent."""
PROGRAMME_SD = 0.35
"""Standard deviation of the logarithm of that fold."""
DOWNWARD_SHARE = 0.7
"""Share of the gradients that rise towards the white matter."""
SHARED_GRADIENT_SD = 0.35
"""Log fold, surface to Layer6, of the gradient that every gene has besides its own pattern."""

CELL_SPACING_UM = 10.0
"""Between neighbouring cells, where cells rather than spots are made."""

_JITTER_SD = 0.2  # of the spacing: cells lie close, but in no rows
_TILE_ROWS = 1024  # each tile has random numbers of its own: a change here makes other tissue from the same seed
_STEPS_PER_LAYER = 32
_BOUNDARY_WIDTH = 0.08  # of a layer: spots of 55 um straddle a boundary
_N_WAVES = 128
_Tile = TypeVar("_Tile")
_TISSUE, _GENES, _SIZES, _COUNTS, _JITTER = range(5)  # independent streams of random numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticParams(StepParams):
    """What tissue to make."""

    n_spots: int = knob(10_000, "Spots", "Spots on the lattice.", minimum=1_000, maximum=1_000_000)
    n_genes: int = knob(500, "Genes", "Genes of the panel.", minimum=10, maximum=20_000)
    n_layers: int = knob(6, "Layers", "Cortical layers above the white matter.", minimum=1, maximum=9)
    angle: float = knob(
        0.38, "Angle", "Direction across the layers: radians in array rows and columns, as the method means it.",
        minimum=-math.pi, maximum=math.pi,
    )  # fmt: skip
    contrast: float = knob(
        1.0, "Contrast", "How much layers differ: 1 as in real cortex, 0 not at all.", minimum=0.0, maximum=3.0
    )
    random_state: int = knob(0, "Seed", "Fixes everything that is random.", minimum=0, maximum=MAX_SEED)
    cells: bool = False
    """Cells off the lattice instead of spots on it."""


def synthesise(
    n_spots: int,
    *,
    n_genes: int = 500,
    n_layers: int = 6,
    angle: float = 0.38,
    contrast: float = 1.0,
    random_state: int = 0,
    cells: bool = False,
    progress: OnProgress | None = None,
) -> Sample:
    """Make a section of laminar tissue, on the Visium lattice or of cells off it.

    Parameters
    ----------
    n_spots : int
        1,000 to 1,000,000. The layers grow with the tissue.
    n_genes : int
        10 to 20,000.
    n_layers : int
        1 to 9 cortical layers, `Layer1` at the surface; white matter (`WM`) lies below the last.
    angle : float
        Radians. Depth runs along cos(angle) row - sin(angle) column in the middle of the tissue, and bends away from
        it towards the sides.
    contrast : float
        Factor on all differences between layers (log folds of genes, log library sizes): 1 as in the shipped section,
        0 for none; at most 3.
    random_state : int
        The same numbers give the same tissue, on any number of processors.
    cells : bool
        Whether to make cells, about 10 um apart in no rows, with `coords_um`; counts and layers stay as of spots.
    progress : callable, optional
        Called with the share done (0 to 1) and what is being done.

    Returns
    -------
    Sample
        Counts as int32, CSR above :data:`core.sample.DENSE_LIMIT` values; `synthetic` is true. Genes are named after
        the pattern they follow (`Layer3-0012`, `WM-0003`, `background-0047`).

    Raises
    ------
    ParameterError
        If a parameter is outside its limits.

    Notes
    -----
    The count of gene g in spot i is negative binomial with mean s_i m_g(z_i), where z is the depth in layers, m_g the
    gene's profile and s_i the spot's size; its dispersion belongs to the gene. O(n_spots * n_genes); never dense as a
    whole above the limit.

    Examples
    --------
    >>> from core.io.synthetic import synthesise
    >>> synthesise(1000, n_genes=20).layer_names
    ['Layer1', 'Layer2', 'Layer3', 'Layer4', 'Layer5', 'Layer6', 'WM']
    """
    params = SyntheticParams(
        n_spots=n_spots, n_genes=n_genes, n_layers=n_layers, angle=angle, contrast=contrast, random_state=random_state,
        cells=cells,
    )  # fmt: skip
    lattice, um, depth = _tissue(params)
    panel = _panel(params)
    return Sample(
        name=_name(params),
        expression=_expression(_Model(um, depth, panel, params), progress),
        lattice=None if cells else lattice,
        coords_um=(um - um.min(axis=0)) * (CELL_SPACING_UM / _SPOT_SPACING_UM) if cells else None,
        labels_true=_layer_labels(depth, n_layers),
        gene_names=panel.names,
        source=f"Synthetic tissue made by core.io.synthetic ({n_layers} layers, seed {random_state}); not measured.",
        synthetic=True,
    )


def _name(params: SyntheticParams) -> str:
    seed = f"_seed{params.random_state}" if params.random_state else ""
    return f"synthetic_{'cells_' * params.cells}{params.n_spots}{seed}"


def _random(params: SyntheticParams, *stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(params.random_state, spawn_key=stream))


# --- where the spots and the layers are ---


def _tissue(params: SyntheticParams) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay out the spots in random order, as barcodes have none: on the array, in um, and in depth by layers."""
    rng = _random(params, _TISSUE)
    lattice = rng.permutation(_outlined_lattice(params.n_spots, rng))
    um = lattice * [ROW_UM, COL_UM]
    if params.cells:
        um += _random(params, _JITTER).normal(0, _JITTER_SD * _SPOT_SPACING_UM, um.shape)
    across, along = _tissue_axes(um, params)
    depth = _depth_in_layers(across, along, params.n_layers, rng)
    corner = lattice.min(axis=0)
    # Moved by an even number of cells in all, so that row + column stays even.
    shift = corner - [0, corner.sum() % 2]
    return lattice - shift, um - shift * [ROW_UM, COL_UM], depth


def _outlined_lattice(n_spots: int, rng: np.random.Generator) -> np.ndarray:
    """Array positions of the `n_spots` cells of the lattice that lie deepest inside a rounded, uneven outline."""
    half_um = 0.75 * math.sqrt(n_spots * 2 * ROW_UM * COL_UM)
    n_rows, n_cols = int(half_um / ROW_UM), int(half_um / COL_UM)
    rows, cols = np.mgrid[-n_rows : n_rows + 1, -n_cols : n_cols + 1]
    cells = np.column_stack([rows.ravel(), cols.ravel()])[(rows + cols).ravel() % 2 == 0]
    y, x = (cells * [ROW_UM, COL_UM] / half_um).T
    order = np.argsort(_rounded_radius(x, y) / _uneven_reach(np.arctan2(y, x), rng), kind="stable")
    return cells[order[:n_spots]]


def _rounded_radius(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x**4 + y**4) ** 0.25)


def _uneven_reach(direction: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    reach = np.ones_like(direction)
    for lobes in range(2, 8):
        reach += rng.normal(0, 0.06 / lobes) * np.cos(lobes * direction + rng.uniform(0, 2 * np.pi))
    return reach


def _tissue_axes(um: np.ndarray, params: SyntheticParams) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates across and along the layers, about -1 to 1."""
    down_um, across_um = (1.0, 1.0) if params.cells else (ROW_UM, COL_UM)
    normal = np.array([math.cos(params.angle) / down_um, -math.sin(params.angle) / across_um])
    normal /= np.linalg.norm(normal)
    half_um = math.sqrt(len(um) * 2 * ROW_UM * COL_UM) / 2
    return um @ normal / half_um, um @ np.array([-normal[1], normal[0]]) / half_um


def _depth_in_layers(across: np.ndarray, along: np.ndarray, n_layers: int, rng: np.random.Generator) -> np.ndarray:
    """Depth of each spot, 0 at the surface to n_layers + 1; its whole part numbers the layer."""
    ripple, swelling = rng.uniform(0, 2 * np.pi, 2)
    curved = across + 0.18 * along**2 + 0.05 * np.sin(4.0 * along + ripple)
    share = (np.argsort(np.argsort(curved, kind="stable")) + 0.5) / len(curved)
    # Outer layers are thick where inner ones are thin; below 1 / (2 pi), depths keep their order.
    share += 0.04 * np.sin(2 * np.pi * share) * np.sin(2.5 * along + swelling)
    return np.interp(share, _boundaries(n_layers), np.arange(n_layers + 2))


def _boundaries(n_layers: int) -> np.ndarray:
    """Share of the tissue above each boundary, from 0 at the surface to 1 at the bottom."""
    measured = np.concatenate([[0.0], np.cumsum(LAYER_SHARES)])
    return np.append(_resampled(measured, n_layers + 1), 1.0)


def _resampled(values: np.ndarray, n_points: int) -> np.ndarray:
    return np.interp(np.linspace(0, 1, n_points), np.linspace(0, 1, len(values)), values)


def _layer_labels(depth: np.ndarray, n_layers: int) -> np.ndarray:
    names = np.array([f"Layer{number + 1}" for number in range(n_layers)] + ["WM"])
    labels: np.ndarray = names[_layer_numbers(depth, n_layers)]
    return labels


def _layer_numbers(depth: np.ndarray, n_layers: int) -> np.ndarray:
    return np.minimum(depth.astype(int), n_layers)


# --- what the genes do ---


@dataclass(frozen=True, slots=True)
class _Panel:
    """Genes: names, mean count by depth (n_depths, n_genes) and dispersion (n_genes,)."""

    names: np.ndarray
    mean_by_depth: np.ndarray
    dispersion: np.ndarray


def _panel(params: SyntheticParams) -> _Panel:
    rng = _random(params, _GENES)
    levels = (np.arange(params.n_genes) + 0.5) / params.n_genes
    mean = np.exp(rng.permutation(np.interp(levels, GENE_MEAN_LEVELS, GENE_LOG_MEANS)))
    programmes = rng.choice(_programme_names(params.n_layers), params.n_genes, p=_programme_chances(params.n_layers))
    log_profiles = params.contrast * _log_profiles(programmes, params.n_layers, rng)
    first, second = DISPERSION
    dispersion = (first / mean + second) * np.exp(rng.normal(0, DISPERSION_SD, params.n_genes))
    names = np.array([f"{programme}-{number:04d}" for number, programme in enumerate(programmes)])
    return _Panel(names, _mean_by_depth(mean, log_profiles, params.n_layers), dispersion)


def _programme_names(n_layers: int) -> list[str]:
    return ["WM", "grey", "gradient", "background", *(f"Layer{number + 1}" for number in range(n_layers))]


def _programme_chances(n_layers: int) -> list[float]:
    whole = [PROGRAMME_SHARES[name] for name in _programme_names(0)]
    return [*whole, *([PROGRAMME_SHARES["layer"] / n_layers] * n_layers)]


def _log_profiles(programmes: np.ndarray, n_layers: int, rng: np.random.Generator) -> np.ndarray:
    """Log fold of each gene over depth; ndarray of shape (n_depths, n_genes)."""
    depth = _depth_grid(n_layers)
    kinds = [name if name in PROGRAMME_LOG_FOLDS else "layer" for name in programmes]
    folds = np.array([PROGRAMME_LOG_FOLDS[kind] for kind in kinds]) * np.exp(rng.normal(0, PROGRAMME_SD, len(kinds)))
    rises = rng.random(len(kinds)) < DOWNWARD_SHARE
    folds[(programmes == "gradient") & ~rises] *= -1
    patterns = {name: _pattern(name, depth, n_layers) for name in _programme_names(n_layers)}
    own = np.column_stack([patterns[name] for name in programmes]) * folds
    shared = (depth / n_layers - 0.5) * (1 - _white_matter(depth, n_layers))
    return np.asarray(own + np.outer(shared, rng.normal(0, SHARED_GRADIENT_SD, len(kinds))))


def _depth_grid(n_layers: int) -> np.ndarray:
    return (np.arange((n_layers + 1) * _STEPS_PER_LAYER) + 0.5) / _STEPS_PER_LAYER


def _pattern(programme: str, depth: np.ndarray, n_layers: int) -> np.ndarray:
    """Strength of a programme, 0 to 1, over depth."""
    if programme == "background":
        return np.zeros_like(depth)
    if programme == "gradient":
        return depth / (n_layers + 1)
    if programme in ("WM", "grey"):  # `grey` is white matter's pattern with a negative fold
        return _white_matter(depth, n_layers)
    top = int(programme.removeprefix("Layer")) - 1
    return np.asarray(_step(depth - top) - _step(depth - top - 1))


def _white_matter(depth: np.ndarray, n_layers: int) -> np.ndarray:
    return _step(depth - n_layers)


def _step(depth: np.ndarray) -> np.ndarray:
    return np.asarray(expit(depth / _BOUNDARY_WIDTH))


def _mean_by_depth(mean: np.ndarray, log_profiles: np.ndarray, n_layers: int) -> np.ndarray:
    """Profiles that average to each gene's mean over the tissue, and to the same total at every depth."""
    weights = np.repeat(np.diff(_boundaries(n_layers)), _STEPS_PER_LAYER) / _STEPS_PER_LAYER
    profiles = np.exp(log_profiles)
    profiles *= mean / (weights @ profiles)
    return np.asarray(profiles * (mean.sum() / profiles.sum(axis=1, keepdims=True)))


# --- what is counted ---


@dataclass(frozen=True, slots=True)
class _Model:
    """Everything that fixes the counts."""

    um: np.ndarray
    depth: np.ndarray
    panel: _Panel
    params: SyntheticParams

    def tile(self, number: int) -> np.ndarray:
        """Draw the counts of one tile of spots; ndarray of shape (up to _TILE_ROWS, n_genes), int32."""
        spots = slice(number * _TILE_ROWS, (number + 1) * _TILE_ROWS)
        rng = _random(self.params, _COUNTS, number)
        sizes = self._sizes(spots, rng)
        mean = sizes[:, None] * self.panel.mean_by_depth[(self.depth[spots] * _STEPS_PER_LAYER).astype(int)]
        chance = 1 / (1 + mean * self.panel.dispersion)
        return rng.negative_binomial(1 / self.panel.dispersion, chance).astype(np.int32)

    def _sizes(self, spots: slice, rng: np.random.Generator) -> np.ndarray:
        """Library sizes relative to their mean."""
        n_layers = self.params.n_layers
        by_layer = np.append(_resampled(np.array(LAYER_LOG_SIZES[:-1]), n_layers), LAYER_LOG_SIZES[-1])
        by_layer *= self.params.contrast
        own = rng.normal(0, SIZE_SD * math.sqrt(1 - SIZE_SMOOTH_SHARE), len(self.depth[spots]))
        shared = SIZE_SD * math.sqrt(SIZE_SMOOTH_SHARE) * self._waves(spots)
        log_sizes = by_layer[_layer_numbers(self.depth[spots], n_layers)] + own + shared
        # Gene means are means of counts, not of their logarithms: sizes have to average to 1.
        mean = np.diff(_boundaries(n_layers)) @ np.exp(by_layer + SIZE_SD**2 / 2)
        return np.asarray(np.exp(log_sizes) / mean)

    def _waves(self, spots: slice) -> np.ndarray:
        """Smooth random field of variance 1: a sum of plane waves of many lengths."""
        rng = _random(self.params, _SIZES)
        lengths = np.exp(rng.uniform(math.log(SIZE_WAVE_UM[0]), math.log(SIZE_WAVE_UM[1]), _N_WAVES))
        wave_numbers = rng.normal(size=(2, _N_WAVES)) / lengths
        phases = rng.uniform(0, 2 * np.pi, _N_WAVES)
        return np.asarray(np.cos(self.um[spots] @ wave_numbers + phases).sum(axis=1) * math.sqrt(2 / _N_WAVES))


def _expression(model: _Model, progress: OnProgress | None) -> Expression:
    shape = (model.params.n_spots, model.params.n_genes)
    if math.prod(shape) > DENSE_LIMIT:
        return sparse.csr_array(sparse.vstack(list(_tiles(model, _sparse_tile, progress)), format="csr"))
    counts = np.empty(shape, dtype=np.int32)
    for number, tile in enumerate(_tiles(model, _Model.tile, progress)):
        counts[number * _TILE_ROWS : (number + 1) * _TILE_ROWS] = tile
    return counts


def _sparse_tile(model: _Model, number: int) -> sparse.csr_array:
    return sparse.csr_array(model.tile(number))


def _tiles(model: _Model, make: Callable[[_Model, int], _Tile], progress: OnProgress | None) -> Iterator[_Tile]:
    n_tiles = math.ceil(model.params.n_spots / _TILE_ROWS)
    # numpy releases the interpreter lock while it draws random numbers.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for number, tile in enumerate(pool.map(lambda number: make(model, number), range(n_tiles))):
            yield tile
            if progress is not None:
                progress((number + 1) / n_tiles, "Drawing counts")
    finally:
        pool.shutdown(cancel_futures=True)  # an interrupted run does not draw the rest first
