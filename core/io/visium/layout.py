"""Which files of Space Ranger's output belong to one sample, whatever lies around them in a folder or an archive."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import SampleFileError
from core.io import archives
from core.io.visium import spatial, tenx
from core.text import file_name, shown

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFiles:
    """The files of one sample, on this disk.

    Parameters
    ----------
    name : str
        Suggested for the sample.
    matrix : Path
        Of counts: an HDF5 file, or a folder of three text files.
    spatial : Path, optional
        Folder of positions and images.
    tables : sequence of Path
        Any of them may hold an annotation.
    other_bins : sequence of str
        Sizes of Visium HD's bins that are there, too, such as `16 um`.
    """

    name: str
    matrix: Path
    spatial: Path | None
    tables: Sequence[Path]
    other_bins: Sequence[str]


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


@contextmanager
def opened_files(path: Path) -> Iterator[SampleFiles]:
    """Find the files of one sample, and unpack those that lie in an archive while the block runs.

    Parameters
    ----------
    path : Path
        A folder, a zip or tar(.gz) of one, or a matrix `.h5` with `spatial/` beside it.

    Yields
    ------
    SampleFiles

    Raises
    ------
    SampleFileError
        If no sample is found, or several are.
    """
    with ExitStack() as stack:
        if archives.is_archive(path):
            names = archives.member_names(path)
            layout = _located(names, path)
            folder = stack.enter_context(archives.unpacked(path, layout.files(names)))
        elif path.is_dir():
            folder, layout = path, _located(_walked(path), path)
        else:
            folder, layout = path.parent, _beside(path)
        yield SampleFiles(
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
            f"{file_name(source)} holds no {_H5} and no {tenx.MATRIX} with its tables: give the folder that Space Ranger calls "
            "`outs`, or a zip or tar.gz of it."
        )
    chosen, other_bins = _one(matrices, source)
    return _around(chosen, names, other_bins)


def _matrices(names: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """Matrices of one kind, the most common one present: one for each sample."""
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
        f"{file_name(source)} holds {len(matrices)} matrices ({listed}): give one of them, with its `spatial` folder."
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
