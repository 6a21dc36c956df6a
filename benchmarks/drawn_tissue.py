"""Rings, discs and stripes on a Visium lattice, drawn from the real spots of an annotated section.

Expression and noise are real, the shape is known, and neighbours share nothing but their layer.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.errors import SampleError
from core.sample import UNANNOTATED, Sample
from core.text import counted

N_ROWS = 44
"""Rows of the lattice; the tissue is about as wide as high."""

N_DRAWINGS = 2
"""Tissues of each shape: scores of one drawing depend much on which spots were drawn."""

_N_CLASSES = 4
_COLUMN_UM, _ROW_UM = 50.0, 86.6
_RIM = 0.98  # rings end before the lattice does
_RING_ENDS, _STRIPE_ENDS = (0.35, 0.6, 0.8), (-0.5, 0.0, 0.5)
_DISCS = ((-0.605, -0.3, 0.38), (0.55, -0.35, 0.33), (0.055, 0.5, 0.36))  # centre and radius, in radii of the tissue


def draw(section: Sample, shape: str, drawing: int, *, n_rows: int = N_ROWS) -> Sample:
    """Make one tissue.

    Parameters
    ----------
    section : Sample
        Whose annotated spots are drawn, with replacement.
    shape : str
        One of `SHAPES`.
    drawing : int
        From 1; also the seed.
    n_rows : int
        Of the lattice.

    Returns
    -------
    Sample
        Annotated with the classes of the section.

    Raises
    ------
    SampleError
        If the section has fewer than four classes.
    """
    layers = section.layer_names
    if len(layers) < _N_CLASSES:
        raise SampleError(
            f"{section.name} has {counted(len(layers), 'annotated class', 'annotated classes')}, but {_N_CLASSES} are drawn "
            "from: name another section."
        )
    lattice = _lattice(n_rows)
    names = SHAPES[shape](_in_radii(lattice), layers)
    inside = names != UNANNOTATED
    lattice, names = lattice[inside], names[inside]
    return Sample(
        name=f"{shape} {drawing}",
        expression=section.expression[_drawn(names, np.asarray(section.labels_true), drawing - 1)],
        lattice=lattice,
        labels_true=names,
        gene_names=section.gene_names,
        source=section.source,
        synthetic=True,
    )


def _drawn(names: np.ndarray, of_section: np.ndarray, seed: int) -> np.ndarray:
    """Spots of the section, one for each place; ndarray of shape (n_places,), int."""
    random = np.random.default_rng(seed)
    spots = np.empty(len(names), dtype=np.int64)
    for name in np.unique(names):
        places = names == name
        spots[places] = random.choice(np.flatnonzero(of_section == name), places.sum())
    return spots


def _lattice(n_rows: int) -> np.ndarray:
    rows, columns = np.indices((n_rows, 2 * n_rows))
    taken = (rows + columns) % 2 == 0
    return np.column_stack((rows[taken], columns[taken]))


def _in_radii(lattice: np.ndarray) -> np.ndarray:
    """Places from the middle, x and y, in radii of the widest circle on the tissue; ndarray of shape (n_places, 2)."""
    um = lattice[:, ::-1] * (_COLUMN_UM, _ROW_UM)
    return np.asarray((um - um.mean(axis=0)) / (np.ptp(um, axis=0).min() / 2))


def _rings(places: np.ndarray, layers: Sequence[str]) -> np.ndarray:
    """Three neighbouring layers inside one, so that not every border is plain to see."""
    from_middle = np.hypot(*places.T)
    inside_out = np.array([layers[-1], layers[-2], layers[-3], layers[max(-5, -len(layers))]])
    return np.where(from_middle < _RIM, inside_out[np.digitize(from_middle, _RING_ENDS)], UNANNOTATED)


def _discs(places: np.ndarray, layers: Sequence[str]) -> np.ndarray:
    first, ground, third, last = _spread(layers)
    names = np.full(len(places), ground, dtype=np.array(layers).dtype)
    for (x, y, radius), name in zip(_DISCS, (last, third, first), strict=True):
        names[np.hypot(*(places - (x, y)).T) < radius] = name
    return names


def _stripes(places: np.ndarray, layers: Sequence[str]) -> np.ndarray:
    return np.array(_spread(layers))[np.digitize(places[:, 1], _STRIPE_ENDS)]


def _spread(layers: Sequence[str]) -> list[str]:
    """Four layers, as far apart as there are some."""
    return [layers[place] for place in np.linspace(0, len(layers) - 1, _N_CLASSES).round().astype(int)]


SHAPES: Mapping[str, Callable[[np.ndarray, Sequence[str]], np.ndarray]] = {
    "rings": _rings,
    "discs": _discs,
    "stripes": _stripes,
}
"""What gives each place (x and y in radii of the tissue) its class; `UNANNOTATED` outside the tissue."""
