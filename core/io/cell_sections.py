"""Several sections among the cells of one source: which column tells them apart, and the cells of one of them."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from core.io.cells import Cells
from core.io.h5ad.sections import MAX_SECTIONS, Column, far_apart, is_named_so, laid_over
from core.io.incoming import Check
from core.io.visium.matrices import SeveralSamplesError
from core.outlines import Outlines
from core.text import listed, shown

_LEAST_CELLS = 10
"""Cells of a section in the mean: of heights of single cells there are nearly as many as cells."""


class SeveralSectionsError(SeveralSamplesError):
    """Cells are of several sections, and none of them is chosen.

    Parameters
    ----------
    message : str
    names : sequence of str
        Of the sections.
    cells : Cells
        All of them.
    """

    def __init__(self, message: str, names: Sequence[str], cells: Cells) -> None:
        super().__init__(message, names)
        self.kind, self.name = cells.kind, cells.name


def told_apart(columns: Mapping[str, np.ndarray], coords: np.ndarray) -> str | None:
    """Find the column whose name and classes say that they are sections: they lie over one another, or far apart.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_cells,), str
    coords : ndarray of shape (n_cells, 2), float64

    Returns
    -------
    str or None
        Title of the column.
    """
    named = [column for title, values in columns.items() if (column := _column(title, values)) is not None]
    for tells in (laid_over, far_apart):
        for column in named:
            # Fields of view are parts of one section, wherever they lie, unless they lie on one another.
            if not (tells is far_apart and column.is_part) and tells(column.codes, coords):
                return column.name
    return None


def _column(title: str, values: np.ndarray) -> Column | None:
    if not is_named_so(title):
        return None
    names, codes = np.unique(values, return_inverse=True)
    n_named = int((names != "").sum())
    if not 2 <= n_named <= min(MAX_SECTIONS, len(values) / _LEAST_CELLS):
        return None
    return Column(name=title, codes=np.where(names == "", -1, np.arange(len(names)))[codes], names=names.tolist())


def of_section(cells: Cells, section: str | None) -> Cells:
    """Take the cells of one section, where a source holds several.

    Parameters
    ----------
    cells : Cells
    section : str or None
        Its name.

    Returns
    -------
    Cells
        As they are, where the source holds one section.

    Raises
    ------
    SeveralSectionsError
        If there is no section of that name.
    """
    if cells.section_of is None:
        return cells
    names = _in_order(sorted(set(cells.section_of.tolist()) - {""}))
    if section not in names:
        raise SeveralSectionsError(
            f"{shown(cells.name, 60)} holds {len(names)} sections, which `{shown(cells.section_column, 40)}` tells apart: "
            f"{shown(listed(names), 300)}. Choose one, or bring in each as a sample of its own.",
            names,
            cells,
        )
    rows = np.flatnonzero(cells.section_of == section)
    return dataclasses.replace(_rows(cells, rows), sections=names)


def _rows(cells: Cells, rows: np.ndarray) -> Cells:
    read_counts, read_outlines = cells.read_counts, cells.read_outlines
    return dataclasses.replace(
        cells,
        cell_ids=cells.cell_ids[rows],
        coords_um=cells.coords_um[rows],
        read_counts=lambda: read_counts()[rows],
        labels={title: values[rows] for title, values in cells.labels.items()},
        lattice=None if cells.lattice is None else cells.lattice[rows],
        coords_px=None if cells.coords_px is None else cells.coords_px[rows],
        read_outlines=None if read_outlines is None else lambda: _of_rows(read_outlines(), rows),
        section_of=None,
    )


def _of_rows(found: tuple[Outlines, Check], rows: np.ndarray) -> tuple[Outlines, Check]:
    outlines, check = found
    return outlines[rows], check


def _in_order(names: Sequence[str]) -> list[str]:
    """Order numbers by their size."""
    return sorted(names, key=lambda name: (int(name), name) if name.isdecimal() else (1 << 62, name))
