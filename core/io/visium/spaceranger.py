"""Space Ranger's output: a folder, or a zip or tar of one, as 10x publishes it.

Joins counts, positions, image and annotation of one sample by barcode.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io import genes, placing
from core.io.annotations import Annotations, LabelTable, suggested_annotation
from core.io.incoming import Check, ImportChoices, Survey
from core.io.told_counts import told, values_check
from core.io.visium import spatial, tenx
from core.io.visium.layout import SampleFiles, opened_files
from core.io.visium.under_tissue import of_tissue
from core.sample import DENSE_LIMIT, Expression, Sample
from core.text import counted, file_name, shown

_Found = TypeVar("_Found")
_FIRST = re.compile(r"([ACGT]{4,})(?:[-.]1)?")
"""A barcode of the first library, which some tools write without its number."""


def survey(path: Path, *, table: LabelTable | None = None, section: str | None = None) -> Survey:
    """Say what Space Ranger wrote, without reading counts.

    Parameters
    ----------
    path : Path
        A folder, a zip or tar(.gz) of one, or a matrix `.h5` with `spatial/` beside it.
    table : LabelTable, optional
        Labels, instead of those in the folder.
    section : str, optional
        Which of several samples.

    Returns
    -------
    Survey
        With a check that is bad, instead of an error, for what stands in the way.

    Raises
    ------
    SampleFileError
        If no sample is found, or several are.
    """
    with opened_files(path, section) as parts:
        checks: list[Check] = []
        head = _tried(checks, "Counts", lambda: tenx.read_head(parts.matrix))
        tissue = _tried(checks, "Positions", lambda: _read_tissue(parts))
        barcodes = None if head is None else head.barcodes
        found = _tried(checks, "Annotation", lambda: _annotations(parts, barcodes, table))
        return Survey(
            kind="Visium HD output" if tissue is not None and tissue.bin_size_um else "Space Ranger output",
            name=parts.name,
            n_spots=0 if head is None else len(head.barcodes),
            n_genes=0 if head is None else len(head.gene_names),
            annotations={} if found is None else found.n_classes,
            suggested_annotation=_suggested(found, table),
            contradicts=tissue is not None and _contradicts(tissue),
            sections=_bins(parts, tissue),
            table_sections=() if found is None else found.sections,
            checks=[*_checks(parts, head, tissue, found), *checks],
        )


def read(
    path: Path,
    choices: ImportChoices,
    *,
    name: str | None = None,
    table: LabelTable | None = None,
    section: str | None = None,
) -> Sample:
    """Read one sample.

    Parameters
    ----------
    path : Path
        As for :func:`survey`.
    choices : ImportChoices
        `genes`, `n_genes` and `annotation` count; the last names a column of the table of labels.
    name : str, optional
        By default the one that :func:`survey` suggests.
    table : LabelTable, optional
        Labels; the likeliest column is taken where `choices.annotation` is None.
    section : str, optional
        Which of several samples.

    Returns
    -------
    Sample
        Spots under tissue that have counts, in the order of the matrix. Visium HD's bins lie off the lattice.

    Raises
    ------
    SampleFileError, UnsafeFileError, SampleError
        If anything needed is missing, damaged or hostile.
    """
    with opened_files(path, section) as parts:
        head, tissue = tenx.read_head(parts.matrix), _read_tissue(parts)
        rows, spots = _matched(head.barcodes, tissue.barcodes)
        counts, kind = told(tenx.read_counts(parts.matrix, head))
        if parts.is_raw and not tissue.tissue_known:
            rich = of_tissue(np.asarray(counts[rows].sum(axis=1)))
            rows, spots = rows[rich], spots[rich]
        counts = counts if len(rows) == counts.shape[0] else counts[rows]
        kept = genes.chosen(counts, choices)
        return Sample(
            name=name or parts.name,
            expression=_expression(counts, kept),
            **_placed(tissue, spots, choices),
            labels_true=_labels(parts, head.barcodes[rows], choices, table),
            gene_names=head.gene_names[kept],
            gene_ids=None if head.gene_ids is None else head.gene_ids[kept],
            barcodes=head.barcodes[rows],
            image=tissue.image,
            expression_kind=kind,
            source=f"Space Ranger output, imported from {file_name(path)}.",
        )


def _placed(tissue: spatial.SpatialFolder, spots: np.ndarray, choices: ImportChoices) -> dict[str, Any]:
    """Positions in the form of a sample."""
    lattice, pixels = tissue.lattice[spots], tissue.coords_px[spots]
    if choices.positions == "turned":
        pixels = pixels[:, ::-1]
    if tissue.bin_size_um:
        return {"coords_um": lattice * tissue.bin_size_um, "coords_px": pixels}
    if choices.positions == "coordinates":
        return {"coords_um": pixels * _um_per_pixel(lattice, pixels, choices), "coords_px": pixels}
    exchanged = choices.positions == "found" and placing.compare(lattice, pixels) == "array exchanged"
    return {"lattice": lattice[:, ::-1] if exchanged else lattice, "coords_px": pixels}


def _um_per_pixel(lattice: np.ndarray, pixels: np.ndarray, choices: ImportChoices) -> float:
    """Find the scale of pixels by the pitch of the array, whichever of its columns is the row."""
    if choices.um_per_unit != ImportChoices().um_per_unit:
        return choices.um_per_unit
    return placing.um_per_unit(pixels)


# --- reading ---


def _read_tissue(parts: SampleFiles) -> spatial.SpatialFolder:
    if parts.is_aggregated:
        raise SampleFileError(
            "`spaceranger aggr` wrote this: one matrix of several sections, whose barcodes end in -1, -2 and so on. Import each "
            "section from its own `outs` of `spaceranger count`."
        )
    if parts.spatial is None:
        called = shown(parts.name if parts.matrix.is_dir() else parts.matrix.name)
        raise SampleFileError(
            f"There is no table of positions for {called}: put the `spatial` folder that Space Ranger wrote beside it, "
            f"with {' or '.join(spatial.POSITIONS)}; or coordinates.csv with the columns cell, x and y."
        )
    return spatial.read_spatial(parts.spatial, needs_image=False)


def _spots(barcodes: np.ndarray, under_tissue: np.ndarray) -> np.ndarray:
    """Find the row of each barcode in the table of positions; -1 where it has none.

    Where no name is the same, those of one spelling count: `AAAC`, `AAAC-1` or R's `AAAC.1`. Other numbers and words name sections,
    which share their barcodes.
    """
    where = {barcode: number for number, barcode in enumerate(under_tissue.tolist())}
    spots = np.array([where.get(barcode, -1) for barcode in barcodes.tolist()], dtype=np.int64)
    if (spots >= 0).any() or not all(_FIRST.fullmatch(name) for name in [*barcodes.tolist(), *where]):
        return spots
    plain = {_FIRST.sub(r"\1", barcode): number for barcode, number in where.items()}
    names = [_FIRST.sub(r"\1", barcode) for barcode in barcodes.tolist()]
    if len(plain) < len(where) or len(set(names)) < len(names):
        return spots
    return np.array([plain.get(name, -1) for name in names], dtype=np.int64)


def _matched(barcodes: np.ndarray, under_tissue: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the matrix that lie under tissue, and the row of each in the table of positions."""
    spots = _spots(barcodes, under_tissue)
    rows = np.flatnonzero(spots >= 0)
    if not len(rows):
        raise SampleFileError(
            f"None of the {counted(len(barcodes), 'barcode')} of the matrix is under tissue in the table of positions: are both of one "
            "sample?"
        )
    return rows, spots[rows]


def _expression(counts: sparse.csr_array, kept: np.ndarray) -> Expression:
    some = counts if len(kept) == counts.shape[1] else counts[:, kept]
    return some.toarray() if some.shape[0] * some.shape[1] <= DENSE_LIMIT else some


def _annotations(parts: SampleFiles, barcodes: np.ndarray | None, table: LabelTable | None) -> Annotations | None:
    """Read the table that was given, or the first in the folder that names the sample's spots."""
    if barcodes is None:
        return None
    if table is not None:
        return table.read(barcodes, parts.name)
    for path in parts.tables:
        try:
            found = LabelTable(path=path, called=(parts.name,)).read(barcodes)
        except SampleError:  # some other table
            continue
        if found.columns:
            return found
    return None


def _suggested(found: Annotations | None, table: LabelTable | None) -> str | None:
    """Guess the column of a table that was given; of one that only lies in the folder, none that a program filled."""
    if found is None:
        return None
    return found.suggested if table is not None else suggested_annotation(found.columns)


def _labels(
    parts: SampleFiles, barcodes: np.ndarray, choices: ImportChoices, table: LabelTable | None
) -> np.ndarray | None:
    if choices.annotation is None and table is None:
        return None
    found = _annotations(parts, barcodes, table)
    if found is None:
        raise SampleFileError(
            f"There is no table with a column {shown(choices.annotation)!r} in the folder: give a CSV of barcodes and labels."
        )
    return found.labels(choices.annotation)


# --- checks of a survey ---


def _tried(checks: list[Check], what: str, work: Callable[[], _Found]) -> _Found | None:
    try:
        return work()
    except SampleError as error:
        checks.append(Check(what=what, found=str(error), status="bad"))
        return None


def _checks(
    parts: SampleFiles,
    head: tenx.MatrixHead | None,
    tissue: spatial.SpatialFolder | None,
    annotations: Annotations | None,
) -> list[Check]:
    checks = []
    if head is not None:
        checks += _head_checks(parts, head)
    if tissue is not None:
        checks += _tissue_checks(parts, tissue)
    if head is not None and tissue is not None:
        checks.append(_join_check(head.barcodes, tissue.barcodes))
    if annotations is not None:
        checks.append(annotations.check())
    return checks


def _head_checks(parts: SampleFiles, head: tenx.MatrixHead) -> list[Check]:
    kind = "three text files" if parts.matrix.is_dir() else shown(parts.matrix.name)
    checks = [
        _good("Counts", f"{counted(len(head.barcodes), 'spot')}, {counted(len(head.gene_names), 'gene')} ({kind}).")
    ]
    values = values_check(tenx.glimpse(parts.matrix))
    checks += [values] if values is not None else []
    if parts.is_raw:
        checks.append(_notice("Counts", "The raw matrix, of all barcodes.", "Only spots under tissue are kept."))
    if head.other_features:
        kinds = ", ".join(f"{number} of {name}" for name, number in head.other_features.items())
        checks.append(_notice("Features", f"Not only genes: {kinds}.", "Genes are kept, these are left out."))
    n_twice = len(head.gene_names) - len(np.unique(head.gene_names))
    if n_twice:
        found = f"{counted(n_twice, 'name stands', 'names stand')} for more than one gene."
        checks.append(_notice("Gene names", found, "All genes are kept, with the names they have."))
    return checks


def _tissue_checks(parts: SampleFiles, tissue: spatial.SpatialFolder) -> list[Check]:
    checks = []
    if tissue.bin_size_um:
        checks.append(_bins_check(parts, tissue.bin_size_um))
    checks += [_notice("Positions", sentence, "") for sentence in tissue.notices]
    if parts.is_raw and not tissue.tissue_known:
        found = "The table of positions does not say which spots lie under tissue."
        checks.append(
            _notice(
                "Tissue",
                found,
                "Spots with many counts are taken for those under tissue, split where counts part best.",
            )
        )
    if not tissue.bin_size_um:
        checks += _agreement_checks(tissue)
    if tissue.image_problem:
        checks.append(_notice("Image", f"Left out: {tissue.image_problem}", "Domains are found without it."))
    elif tissue.image is None:
        advice = "Put tissue_lowres_image.png into `spatial` to see the tissue; domains are found without it."
        checks.append(_notice("Image", "None.", advice))
    else:
        height, width, _ = tissue.image.pixels.shape
        checks.append(_good("Image", f"{width} x {height} pixels."))
    return checks


def _contradicts(tissue: spatial.SpatialFolder) -> bool:
    return not tissue.bin_size_um and placing.compare(tissue.lattice, tissue.coords_px) != "alike"


def _agreement_checks(tissue: spatial.SpatialFolder) -> list[Check]:
    said = placing.in_words(placing.compare(tissue.lattice, tissue.coords_px), "The table of positions")
    return [] if said is None else [_notice("Positions", *said)]


def _bins(parts: SampleFiles, tissue: spatial.SpatialFolder | None) -> list[str]:
    """Sizes of bins to choose from, the one that is read first."""
    is_choice = parts.other_bins and tissue is not None and tissue.bin_size_um
    return [f"{tissue.bin_size_um:g} um", *parts.other_bins] if is_choice and tissue is not None else []


def _bins_check(parts: SampleFiles, size_um: float) -> Check:
    found = f"Squares of {size_um:g} µm, off Visium's lattice"
    if not parts.other_bins:
        return _good("Bins", f"{found}.")
    others = ", ".join(parts.other_bins).replace(" um", " µm")  # as they are chosen, in ASCII
    return _notice("Bins", f"{found}; there are bins of {others}, too.", "Choose another to take that.")


def _join_check(barcodes: np.ndarray, under_tissue: np.ndarray) -> Check:
    n_both = int((_spots(barcodes, under_tissue) >= 0).sum())
    if not n_both:
        examples = " and ".join(shown(names[0], 40) if len(names) else "nothing" for names in (barcodes, under_tissue))
        found = f"None of the {counted(len(barcodes), 'barcode')} is under tissue in the table of positions: they are spelled as {examples}."
        advice = "Give both of one sample, with the same words and numbers around barcodes."
        return Check(what="Positions", found=found, status="bad", advice=advice)
    if n_both == len(barcodes) == len(under_tissue):
        return _good("Positions", f"All {counted(n_both, 'spot')} under tissue.")
    only_counts, only_positions = len(barcodes) - n_both, len(under_tissue) - n_both
    found = f"{counted(n_both, 'spot has', 'spots have')} counts and a position under tissue, {only_counts} only counts, {only_positions} only a position."
    return _notice("Positions", found, "Spots with both are kept.")


def _good(what: str, found: str) -> Check:
    return Check(what=what, found=found)


def _notice(what: str, found: str, advice: str) -> Check:
    return Check(what=what, found=found, status="notice", advice=advice)
