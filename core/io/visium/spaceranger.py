"""Space Ranger's output: a folder, or a zip or tar of one, as 10x publishes it.

Finds one sample in it, whatever lies around; brings counts, positions, image and annotation together by barcode.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io import archives, genes
from core.io.annotations import Annotations, read_annotations
from core.io.incoming import Check, ImportChoices, Survey
from core.io.visium import spatial, tenx
from core.sample import DENSE_LIMIT, Expression, Sample
from core.text import shown

MAX_FILES = 20_000
"""Files and folders that are looked through for one sample."""

MAX_FOLDERS_DOWN = 8

_H5 = "filtered_feature_bc_matrix.h5"
_NO_MATRIX = ("molecule_info.h5", "raw_probe_bc_matrix.h5", "feature_slice.h5", "raw_feature_bc_matrix.h5")
_TEXT_NAMES = [name + end for name in (tenx.MATRIX, tenx.BARCODES, *tenx.FEATURES) for end in ("", ".gz")]
_SPATIAL_NAMES = (*spatial.POSITIONS, spatial.SCALES, *(name for name, _ in spatial.IMAGES))
_ARCHIVE_ENDS = (".tar.gz", ".tgz", ".tar", ".zip")
_GENERIC = re.compile(
    r"outs|spatial|binned_outputs|square_\d+um|(filtered|raw)_feature_bc_matrix|sample|", re.IGNORECASE
)
_MAX_TABLES = 8
_PREFERRED_BIN_UM = 8

_Found = TypeVar("_Found")


def survey(path: Path, *, annotation_csv: Path | None = None) -> Survey:
    """Say what Space Ranger wrote, without reading counts.

    Parameters
    ----------
    path : Path
        A folder, a zip or tar(.gz) of one, or a matrix `.h5` with `spatial/` beside it.
    annotation_csv : Path, optional
        Table of barcodes and labels, instead of those in the folder.

    Returns
    -------
    Survey
        With a check that is bad, instead of an error, for what stands in the way.

    Raises
    ------
    SampleFileError
        If no sample is found, or several are.
    """
    with _opened(path) as parts:
        checks: list[Check] = []
        head = _tried(checks, "Counts", lambda: tenx.read_head(parts.matrix))
        place = _tried(checks, "Positions", lambda: _read_place(parts))
        barcodes = None if head is None else head.barcodes
        found = _tried(checks, "Annotation", lambda: _annotations(parts, barcodes, annotation_csv))
        return Survey(
            kind="Visium HD output" if place is not None and place.bin_size_um else "Space Ranger output",
            name=parts.name,
            n_spots=0 if head is None else len(head.barcodes),
            n_genes=0 if head is None else len(head.gene_names),
            annotations={} if found is None else found.n_classes,
            suggested_annotation=None if found is None else found.suggested,
            checks=[*_checks(parts, head, place, found), *checks],
        )


def read(path: Path, choices: ImportChoices, *, name: str | None = None, annotation_csv: Path | None = None) -> Sample:
    """Read one sample.

    Parameters
    ----------
    path : Path
        As for :func:`survey`.
    choices : ImportChoices
        `genes`, `n_genes` and `annotation` count; the last names a column of the table of labels.
    name : str, optional
        By default the one that :func:`survey` suggests.
    annotation_csv : Path, optional
        Table of barcodes and labels; its likeliest column is taken where `choices.annotation` is None.

    Returns
    -------
    Sample
        Spots under tissue that have counts, in the order of the matrix. Visium HD's bins lie off the lattice.

    Raises
    ------
    SampleFileError, UnsafeFileError, SampleError
        If anything needed is missing, damaged or hostile.
    """
    with _opened(path) as parts:
        head, place = tenx.read_head(parts.matrix), _read_place(parts)
        rows, spots = _matched(head.barcodes, place.barcodes)
        counts = tenx.read_counts(parts.matrix, head)
        counts = counts if len(rows) == counts.shape[0] else counts[rows]
        kept = genes.chosen(counts, choices)
        return Sample(
            name=name or parts.name,
            expression=_expression(counts, kept),
            lattice=None if place.bin_size_um else place.lattice[spots],
            coords_um=place.lattice[spots] * place.bin_size_um if place.bin_size_um else None,
            labels_true=_labels(parts, head.barcodes[rows], choices, annotation_csv),
            gene_names=head.gene_names[kept],
            barcodes=head.barcodes[rows],
            coords_px=place.coords_px[spots],
            image=place.image,
            source=f"Space Ranger output, imported from {shown(path.name)}.",
        )


# --- what is there ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the files of one sample lie, relative to what was given."""

    matrix: PurePosixPath
    positions: PurePosixPath | None
    packed_positions: PurePosixPath | None
    tables: Sequence[PurePosixPath]
    other_bins: Sequence[str]

    def files(self, names: Sequence[PurePosixPath]) -> set[PurePosixPath]:
        """Which of all files are needed."""
        texts = {self.matrix / name for name in _TEXT_NAMES}
        needed = {self.matrix, *self.tables, *texts, self.packed_positions}
        if self.positions is not None:
            needed |= {self.positions / name for name in _SPATIAL_NAMES}
        return {name for name in names if name in needed}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The files of one sample, on this disk."""

    name: str
    matrix: Path
    spatial: Path | None
    tables: Sequence[Path]
    other_bins: Sequence[str]


@contextmanager
def _opened(path: Path) -> Iterator[_Parts]:
    with ExitStack() as stack:
        if archives.is_archive(path):
            names = archives.member_names(path)
            layout = _located(names, path)
            folder = stack.enter_context(archives.unpacked(path, layout.files(names)))
        elif path.is_dir():
            folder, layout = path, _located(_walked(path), path)
        else:
            folder, layout = path.parent, _beside(path)
        yield _Parts(
            name=_suggested_name(path, layout),
            matrix=folder / layout.matrix,
            spatial=_spatial_folder(folder, layout, stack),
            tables=[folder / table for table in layout.tables],
            other_bins=layout.other_bins,
        )


def _spatial_folder(folder: Path, layout: _Layout, stack: ExitStack) -> Path | None:
    if layout.positions is not None:
        return folder / layout.positions
    if layout.packed_positions is None:
        return None
    # As 10x publishes it for download: the matrix, and an archive of `spatial` beside it.
    archive = folder / layout.packed_positions
    names = archives.member_names(archive)
    tables = [name for name in names if name.name in spatial.POSITIONS]
    if len({name.parent for name in tables}) != 1:
        return None
    wanted = {tables[0].parent / name for name in _SPATIAL_NAMES} & set(names)
    return stack.enter_context(archives.unpacked(archive, wanted)) / tables[0].parent


def _walked(folder: Path) -> list[PurePosixPath]:
    found: list[PurePosixPath] = []
    n_seen = 0
    # `outs` is often a link; what is too deep or too much ends a circle of links, too.
    for where, folders, files in os.walk(folder, followlinks=True):
        here = PurePosixPath(Path(where).relative_to(folder).as_posix())
        n_seen += len(folders) + len(files)
        if n_seen > MAX_FILES:
            raise SampleFileError(
                f"{shown(folder, 300)} holds more than {MAX_FILES:,} files: give the folder of one sample."
            )
        if len(here.parts) >= MAX_FOLDERS_DOWN:
            folders.clear()
        folders.sort()
        found += [here / name for name in sorted(files)]
    return found


def _beside(matrix: Path) -> _Layout:
    """Find what belongs to a matrix that was named itself."""
    folder = matrix.parent
    names = [PurePosixPath(entry.name) for entry in folder.iterdir() if entry.is_file()]
    inner = [entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name.endswith("spatial")]
    names += [
        PurePosixPath(name) / table
        for name in inner
        for table in spatial.POSITIONS
        if (folder / name / table).is_file()
    ]
    return _around(PurePosixPath(matrix.name), sorted(names), [])


def _located(names: Sequence[PurePosixPath], source: Path) -> _Layout:
    matrices = _matrices(names)
    if not matrices:
        raise SampleFileError(
            f"{shown(source.name)} holds no {_H5} and no {tenx.MATRIX} with its tables: give the folder that Space Ranger calls "
            "`outs`, or a zip or tar.gz of it."
        )
    chosen, other_bins = _one(matrices, source)
    return _around(chosen, names, other_bins)


def _matrices(names: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """Matrices of one kind, the most usual kind that is there: one for each sample."""
    filtered = [name for name in names if name.name.endswith(_H5)]
    roots = {name.parent for name in filtered}
    texts = [name.parent for name in names if name.name in (tenx.MATRIX, f"{tenx.MATRIX}.gz")]
    texts = [folder for folder in texts if not folder.name.startswith("raw_")]
    found = filtered + [folder for folder in texts if _sample_folder(folder) not in roots]
    others = [name for name in names if name.suffix == ".h5" and not name.name.endswith(_NO_MATRIX)]
    return found or others or [name for name in names if name.name.endswith("raw_feature_bc_matrix.h5")]


def _sample_folder(matrix: PurePosixPath) -> PurePosixPath:
    return matrix.parent if matrix.name.endswith("_bc_matrix") or matrix.suffix == ".h5" else matrix


def _one(matrices: Sequence[PurePosixPath], source: Path) -> tuple[PurePosixPath, list[str]]:
    if len(matrices) == 1:
        return matrices[0], []
    bins = [re.fullmatch(r"square_(\d+)um", _sample_folder(matrix).name) for matrix in matrices]
    if all(bins) and len({_sample_folder(matrix).parent for matrix in matrices}) == 1:
        by_size = {int(found[1]): matrix for found, matrix in zip(bins, matrices, strict=True) if found}
        size = min(by_size, key=lambda size: abs(size - _PREFERRED_BIN_UM))
        return by_size[size], [f"{other} um" for other in sorted(by_size) if other != size]
    listed = ", ".join(shown(matrix) for matrix in matrices[:5]) + (", ..." if len(matrices) > 5 else "")
    raise SampleFileError(
        f"{shown(source.name)} holds {len(matrices)} matrices ({listed}): give one of them, with its `spatial` folder."
    )


def _around(matrix: PurePosixPath, names: Sequence[PurePosixPath], other_bins: Sequence[str]) -> _Layout:
    root = _sample_folder(matrix)
    holders = {name.parent for name in names if name.name in spatial.POSITIONS}
    prefixed = sorted(holder for holder in holders if holder.parent == root and holder.name.endswith("spatial"))
    likely = [folder for folder in (root / "spatial", root, root.parent / "spatial") if folder in holders]
    packed = [
        name
        for name in names
        if name.parent == root and name.name.endswith(tuple(f"spatial{end}" for end in _ARCHIVE_ENDS))
    ]
    tables = [name for name in names if name.parent == root and _may_be_labels(name.name)]
    return _Layout(
        matrix=matrix,
        positions=next(iter([*likely, *(prefixed if len(prefixed) == 1 else [])]), None),
        packed_positions=packed[0] if len(packed) == 1 else None,
        tables=tables[:_MAX_TABLES],
        other_bins=other_bins,
    )


def _may_be_labels(name: str) -> bool:
    return (
        name.lower().endswith((".csv", ".tsv"))
        and name not in spatial.POSITIONS
        and "metrics_summary" not in name
        and name not in _TEXT_NAMES
    )


def _suggested_name(path: Path, layout: _Layout) -> str:
    """Take the nearest name that tells samples apart: of the file, of a folder inside, of what was given."""
    prefix = layout.matrix.name.removesuffix(_H5).rstrip("_.-") if layout.matrix.name.endswith(_H5) else ""
    stem = path.name if path.is_dir() else path.name.partition(".")[0]
    outside = [stem, *(parent.name for parent in path.resolve().parents)]
    if path.is_dir() and not path.name:
        outside[0] = path.resolve().name
    candidates = [prefix, *(part for part in reversed(layout.matrix.parent.parts)), *outside]
    return next((name for name in candidates if not _GENERIC.fullmatch(name)), "sample")


# --- bringing it together ---


def _read_place(parts: _Parts) -> spatial.SpatialFolder:
    if parts.spatial is None:
        raise SampleFileError(
            f"There is no table of positions for {shown(parts.matrix.name)}: put the `spatial` folder that Space Ranger wrote "
            f"beside it, with {' or '.join(spatial.POSITIONS)}."
        )
    return spatial.read_spatial(parts.spatial)


def _matched(barcodes: np.ndarray, placed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the matrix that lie under tissue, and where each stands in the table of positions."""
    where = {barcode: number for number, barcode in enumerate(placed.tolist())}
    spots = np.array([where.get(barcode, -1) for barcode in barcodes.tolist()], dtype=np.int64)
    rows = np.flatnonzero(spots >= 0)
    if not len(rows):
        raise SampleFileError(
            f"None of the {len(barcodes)} barcodes of the matrix is under tissue in the table of positions: are both of one "
            "sample?"
        )
    return rows, spots[rows]


def _expression(counts: sparse.csr_array, kept: np.ndarray) -> Expression:
    some = counts if len(kept) == counts.shape[1] else counts[:, kept]
    return some.toarray() if some.shape[0] * some.shape[1] <= DENSE_LIMIT else some


def _annotations(parts: _Parts, barcodes: np.ndarray | None, annotation_csv: Path | None) -> Annotations | None:
    """Read the table that was given, or the first in the folder that names the sample's spots."""
    if barcodes is None:
        return None
    if annotation_csv is not None:
        return read_annotations(annotation_csv, barcodes)
    for table in parts.tables:
        try:
            found = read_annotations(table, barcodes)
        except SampleError:  # some other table
            continue
        if found.columns:
            return found
    return None


def _labels(
    parts: _Parts, barcodes: np.ndarray, choices: ImportChoices, annotation_csv: Path | None
) -> np.ndarray | None:
    if choices.annotation is None and annotation_csv is None:
        return None
    found = _annotations(parts, barcodes, annotation_csv)
    if found is None:
        raise SampleFileError(
            f"There is no table with a column {shown(choices.annotation)!r} in the folder: give a CSV of barcodes and labels."
        )
    return found.labels(choices.annotation)


# --- saying what was found ---


def _tried(checks: list[Check], what: str, work: Callable[[], _Found]) -> _Found | None:
    try:
        return work()
    except SampleError as error:
        checks.append(Check(what=what, found=str(error), status="bad"))
        return None


def _checks(
    parts: _Parts,
    head: tenx.MatrixHead | None,
    place: spatial.SpatialFolder | None,
    annotations: Annotations | None,
) -> list[Check]:
    checks = []
    if head is not None:
        checks += _head_checks(parts, head)
    if place is not None:
        checks += _place_checks(parts, place)
    if head is not None and place is not None:
        checks.append(_join_check(head.barcodes, place.barcodes))
    if annotations is not None:
        checks.append(annotations.check())
    return checks


def _head_checks(parts: _Parts, head: tenx.MatrixHead) -> list[Check]:
    kind = "three text files" if parts.matrix.is_dir() else shown(parts.matrix.name)
    checks = [_good("Counts", f"{len(head.barcodes)} spots, {len(head.gene_names)} genes ({kind}).")]
    if "raw_" in parts.matrix.name:
        checks.append(_notice("Counts", "The raw matrix, of all barcodes.", "Only spots under tissue are kept."))
    if head.other_features:
        kinds = ", ".join(f"{number} of {name}" for name, number in head.other_features.items())
        checks.append(_notice("Features", f"Not only genes: {kinds}.", "Genes are kept, these are left out."))
    n_twice = len(head.gene_names) - len(np.unique(head.gene_names))
    if n_twice:
        found = f"{n_twice} names stand for more than one gene."
        checks.append(_notice("Gene names", found, "All genes are kept, with the names they have."))
    return checks


def _place_checks(parts: _Parts, place: spatial.SpatialFolder) -> list[Check]:
    checks = []
    if place.bin_size_um:
        checks.append(_bins_check(parts, place.bin_size_um))
    if place.image is None:
        advice = "Put tissue_lowres_image.png into `spatial` to see the tissue; domains are found without it."
        checks.append(_notice("Image", "None.", advice))
    else:
        height, width, _ = place.image.pixels.shape
        checks.append(_good("Image", f"{width} x {height} pixels."))
    return checks


def _bins_check(parts: _Parts, size_um: float) -> Check:
    found = f"Squares of {size_um:g} um, off Visium's lattice"
    if not parts.other_bins:
        return _good("Bins", f"{found}.")
    others = ", ".join(parts.other_bins)
    return _notice("Bins", f"{found}; there are bins of {others}, too.", "To take others, give their folder itself.")


def _join_check(barcodes: np.ndarray, placed: np.ndarray) -> Check:
    n_both = len(np.intersect1d(barcodes, placed))
    if not n_both:
        found = f"None of the {len(barcodes)} barcodes is under tissue in the table of positions."
        return Check(what="Positions", found=found, status="bad", advice="Give both of one sample.")
    if n_both == len(barcodes) == len(placed):
        return _good("Positions", f"All {n_both} spots under tissue.")
    only_counts, only_placed = len(barcodes) - n_both, len(placed) - n_both
    found = (
        f"{n_both} spots have counts and a place under tissue, {only_counts} only counts, {only_placed} only a place."
    )
    return _notice("Positions", found, "Spots with both are kept.")


def _good(what: str, found: str) -> Check:
    return Check(what=what, found=found)


def _notice(what: str, found: str, advice: str) -> Check:
    return Check(what=what, found=found, status="notice", advice=advice)
