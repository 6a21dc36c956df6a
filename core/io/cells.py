"""Cells or bins as the readers of instruments find them, and the sample or the survey that is made of them.

What all those formats share stands here: control probes and cells without a position are left out and counted, the unit is
said, and counts are read only for a sample.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io import genes
from core.io.annotations import Annotations, spelled, suggested_annotation
from core.io.controls import control_check, controls
from core.io.incoming import Check, ImportChoices, Survey
from core.io.outlines import ReadOutlines, attempted
from core.io.spacing import guess
from core.io.told_counts import told, values_check
from core.memory import check_fits
from core.sample import DENSE_LIMIT, UNANNOTATED, Expression, Sample, TissueImage
from core.text import counted, shown

MAX_CLASSES = 100

_OF_A_SPREADSHEET = "a spreadsheet rounded the names of cells"
_ROUNDED = re.compile(r"\d(\.\d+)?e\+\d+|\d{12,}0{5,}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """What one source says of its cells, its counts not yet read.

    Parameters
    ----------
    kind : str
        Name of the format.
    name : str
        Suggested for the sample.
    cell_ids : ndarray of shape (n_cells,), str
    gene_names : ndarray of shape (n_features,), str
    coords_um : ndarray of shape (n_cells, 2), float64
        Vertical, then horizontal; NaN for a cell without a position.
    read_counts : callable
        Returns a csr_array of shape (n_cells, n_features).
    placed_by : str
        Where positions were found and in which unit, as a sentence.
    gene_ids : ndarray of shape (n_features,), str, optional
    other_features : mapping of str to int
        How many features of each kind, such as control probes, the reader left out.
    unit_known : bool
        If not, `coords_um` are in a unit of the file: what `um_per_unit` of the choices says, or what their spacing tells.
    noun : str
        What one of them is: `cell`, `bin` or `bead`.
    labels : mapping of str to ndarray of shape (n_cells,), str
        Columns that could be an annotation.
    image : TissueImage, optional
    coords_px : ndarray of shape (n_cells, 2), float64, optional
        On that image in full resolution.
    sections : sequence of str
        Samples or matrices of the source to choose from; empty where there is one only.
    checks : sequence of Check
        What the reader has to say besides.
    read_outlines : callable, optional
        Returns the outlines of all cells, in micrometres from `coords_um`, and what is said of them. What is wrong with them
        keeps no counts out.
    has_outlines : bool
        Whether the format has outlines, so that it is said if there are none.
    glimpse : callable, optional
        Returns some of the values, of formats in which they need not be counts.
    lattice : ndarray of shape (n_cells, 2), int, optional
        Array row and column on Visium's lattice, which is then where spots lie; `coords_um` says only which have a position.
    section_of : ndarray of shape (n_cells,), str, optional
        Section of each cell, where the source holds several; empty for none.
    section_column : str
        What tells them apart.
    """

    kind: str
    name: str
    cell_ids: np.ndarray
    gene_names: np.ndarray
    coords_um: np.ndarray
    read_counts: Callable[[], sparse.csr_array]
    placed_by: str
    gene_ids: np.ndarray | None = None
    other_features: Mapping[str, int] = field(default_factory=dict)
    unit_known: bool = True
    noun: str = "cell"
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    image: TissueImage | None = None
    coords_px: np.ndarray | None = None
    sections: Sequence[str] = ()
    checks: Sequence[Check] = ()
    read_outlines: ReadOutlines | None = None
    has_outlines: bool = False
    glimpse: Callable[[], np.ndarray] | None = None
    lattice: np.ndarray | None = None
    section_of: np.ndarray | None = None
    section_column: str = ""

    @property
    def is_gene(self) -> np.ndarray:
        """Which features are genes; ndarray of shape (n_features,), bool."""
        return ~controls(self.gene_names)

    @property
    def has_position(self) -> np.ndarray:
        """Which cells have a position; ndarray of shape (n_cells,), bool."""
        return np.asarray(np.isfinite(self.coords_um).all(axis=1))


LabelsOf = Callable[[np.ndarray], Annotations]
"""Finds the labels of cells, by their names, in a table that was given besides."""


def survey(cells: Cells, labels_of: LabelsOf | None = None) -> Survey:
    """Say what was found.

    Parameters
    ----------
    cells : Cells
    labels_of : callable, optional
        Of a table of cells and labels, instead of those in the source.

    Returns
    -------
    Survey
    """
    n_cells, n_genes = int(cells.has_position.sum()), int(cells.is_gene.sum())
    checks = [Check(what="Counts", found=f"{counted(n_cells, cells.noun)}, {counted(n_genes, 'gene')}.")]
    checks += [
        found
        for found in (
            None if cells.glimpse is None else values_check(cells.glimpse()),
            control_check(cells.gene_names, cells.other_features),
            genes.date_check(cells.gene_names),
            *_position_checks(cells),
        )
        if found
    ]
    checks += [*cells.checks, *([attempted(cells.read_outlines)[1]] if cells.has_outlines else [])]
    labels, said = _labels_found(cells, labels_of)
    return Survey(
        kind=cells.kind,
        name=cells.name,
        n_spots=n_cells,
        n_genes=n_genes,
        annotations={name: _n_classes(values) for name, values in labels.items()},
        suggested_annotation=_suggested(labels, labels_of),
        sections=cells.sections,
        checks=[*checks, *said],
    )


def sample(
    cells: Cells, choices: ImportChoices, source: str, *, name: str | None = None, labels_of: LabelsOf | None = None
) -> Sample:
    """Read counts, and make a sample.

    Parameters
    ----------
    cells : Cells
    choices : ImportChoices
        By default all genes are kept: a panel is chosen before, and few cells hold any one gene.
    source : str
        Where it comes from, for people.
    name : str, optional
    labels_of : callable, optional

    Returns
    -------
    Sample
        Off the lattice, of the cells that have a position, in the order of the counts.

    Raises
    ------
    SampleError
        If no cell has a position, or counts are none.
    """
    rows, columns = np.flatnonzero(cells.has_position), np.flatnonzero(cells.is_gene)
    if not len(rows):
        raise SampleFileError(
            f"None of the {counted(len(cells.cell_ids), cells.noun)} has a position: are counts and positions of one sample?"
        )
    unit, unit_known = _unit(cells, choices)
    counts, kind = told(cells.read_counts())  # before genes are left out: totals are of all
    counts = _part(counts, rows, columns)
    kept = genes.chosen(counts, choices, cells=cells.lattice is None)
    columns, counts = columns[kept], _part(counts, np.arange(len(rows)), kept)
    outlines, _ = attempted(cells.read_outlines)
    coords = cells.coords_um[rows] * unit if unit != 1 else cells.coords_um[rows]
    return Sample(
        name=name or cells.name,
        expression=_stored(counts),
        lattice=None if cells.lattice is None else cells.lattice[rows],
        coords_um=coords if cells.lattice is None else None,
        labels_true=_labels(cells, rows, choices, labels_of),
        gene_names=cells.gene_names[columns],
        gene_ids=None if cells.gene_ids is None else cells.gene_ids[columns],
        barcodes=cells.cell_ids[rows],
        coords_px=None if cells.coords_px is None else cells.coords_px[rows],
        image=cells.image,
        outlines=None if outlines is None else outlines[rows],
        expression_kind=kind,
        source=source,
        unit_known=unit_known,
    )


def _stored(counts: sparse.csr_array) -> Expression:
    n_values = counts.shape[0] * counts.shape[1]
    if n_values > DENSE_LIMIT:
        return counts
    check_fits(n_values * counts.dtype.itemsize, "Expression")
    return counts.toarray()


def aligned(ids: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Find names in another list of them.

    Parameters
    ----------
    ids : ndarray of shape (n_cells,), str
    known : ndarray of shape (n_known,), str

    Returns
    -------
    ndarray of shape (n_cells,), int
        Index into `known`; -1 where it is not there.

    Raises
    ------
    SampleFileError
        If a name stands twice in `known`, or none of the names is there.
    """
    where = {name: number for number, name in enumerate(known.tolist())}
    if len(where) < len(known):
        twice = next(name for name, times in Counter(known.tolist()).items() if times > 1)
        why = f"{_OF_A_SPREADSHEET}, so export them again" if _ROUNDED.fullmatch(twice) else "give one sample"
        raise SampleFileError(f"The cell {shown(twice)} stands twice in the table of positions: {why}.")
    found = np.array([where.get(name, -1) for name in ids.tolist()], dtype=np.int64)
    if len(ids) and len(known) and (found < 0).all():
        rounded = _ROUNDED.fullmatch(known[0]) or _ROUNDED.fullmatch(ids[0])
        why = f"{_OF_A_SPREADSHEET}, so export both again" if rounded else "give both of one sample"
        raise SampleFileError(f"Counts name cells such as {shown(ids[0])}, positions such as {shown(known[0])}: {why}.")
    return found


def taken(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Take rows of numbers; NaN where the row is -1.

    Parameters
    ----------
    values : ndarray of shape (n_known, n_columns), float64
    rows : ndarray of shape (n_cells,), int

    Returns
    -------
    ndarray of shape (n_cells, n_columns), float64
    """
    return np.vstack([values, np.full((1, values.shape[1]), np.nan)])[rows]


def label_columns(texts: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Choose the columns that could be an annotation, in the order of the counts.

    Parameters
    ----------
    texts : mapping of str to ndarray of shape (n_known,), str
    rows : ndarray of shape (n_cells,), int
        As :func:`aligned` gives them.

    Returns
    -------
    dict of str to ndarray of shape (n_cells,), str
    """
    found = {name: np.append(values, "")[rows] for name, values in texts.items()}
    spelt = {name: _spelled(values) for name, values in found.items() if len(np.unique(values)) <= MAX_CLASSES + 1}
    return {name: values for name, values in spelt.items() if 2 <= _n_classes(values) <= MAX_CLASSES}


def _spelled(values: np.ndarray) -> np.ndarray:
    names, codes = np.unique(values, return_inverse=True)
    return np.array(spelled([shown(name) for name in names.tolist()]))[codes]


def _part(counts: sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> sparse.csr_array:
    some = counts if len(rows) == counts.shape[0] else counts[rows]
    return some if len(columns) == some.shape[1] else some[:, columns]


def _n_classes(labels: np.ndarray) -> int:
    return len(set(np.unique(labels).tolist()) - {UNANNOTATED})


def _unit(cells: Cells, choices: ImportChoices) -> tuple[float, bool]:
    """Micrometres of one unit of the positions, and whether that is known."""
    if cells.unit_known:
        return 1.0, True
    if choices.um_per_unit != ImportChoices().um_per_unit:
        return choices.um_per_unit, True
    guessed = guess(cells.coords_um[cells.has_position])
    return guessed.um_per_unit, guessed.is_known


def _said_unit(cells: Cells) -> Check:
    if cells.unit_known or not cells.has_position.any():
        return Check(what="Positions", found=cells.placed_by)
    guessed = guess(cells.coords_um[cells.has_position])
    found = f"{cells.placed_by.rstrip('.')}: {guessed.um_per_unit:g} µm per unit, {guessed.because}."
    advice = "Set the micrometres per unit if that is wrong."
    return Check(what="Positions", found=found, status="notice", advice=advice)


def _position_checks(cells: Cells) -> list[Check]:
    said = _said_unit(cells)
    n_without = int((~cells.has_position).sum())
    if not n_without:
        return [said]
    if n_without == len(cells.cell_ids):
        found = f"None of the {counted(n_without, cells.noun)} of the counts has one."
        return [Check(what="Positions", found=found, status="bad", advice="Give counts and positions of one sample.")]
    verb = "has" if n_without == 1 else "have"
    found = f"{counted(n_without, cells.noun)} {verb} none and {'is' if n_without == 1 else 'are'} left out."
    return [said, Check(what="Positions", found=found, status="notice")]


def _labels_found(cells: Cells, labels_of: LabelsOf | None) -> tuple[Mapping[str, np.ndarray], list[Check]]:
    if labels_of is None:
        return cells.labels, [_annotation_check(cells.labels)]
    try:
        found = labels_of(cells.cell_ids)
    except SampleError as error:
        return {}, [Check(what="Annotation", found=str(error), status="bad")]
    return found.columns, [found.check()]


def _annotation_check(labels: Mapping[str, np.ndarray]) -> Check:
    if not labels:
        return Check(what="Annotation", found="None, which is fine.")
    return Check(what="Annotation", found=f"{counted(len(labels), 'column')} could be one; none need be.")


def _suggested(labels: Mapping[str, np.ndarray], labels_of: LabelsOf | None) -> str | None:
    if labels_of is not None:
        return suggested_annotation(labels, asked=True) or next(iter(labels), None)
    return suggested_annotation(labels)


def _labels(cells: Cells, rows: np.ndarray, choices: ImportChoices, labels_of: LabelsOf | None) -> np.ndarray | None:
    if labels_of is not None:
        return labels_of(cells.cell_ids).labels(choices.annotation)[rows]
    if choices.annotation is None:
        return None
    if choices.annotation not in cells.labels:
        known = ", ".join(shown(name, 40) for name in cells.labels) or "none"
        raise SampleFileError(
            f"There is no column of labels {shown(choices.annotation)!r}; there are {known}. Or give a table of cells and labels."
        )
    return cells.labels[choices.annotation][rows]
