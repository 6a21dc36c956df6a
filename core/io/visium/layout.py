"""Which files of Space Ranger's output belong to one sample, whatever lies around them in a folder or an archive.

Files are known by what their names end in, so that those of GEO, flat and with a prefix for each sample, are found, too.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import SampleFileError
from core.io import archives
from core.io.visium import spatial, tenx
from core.io.visium.matrices import GENERIC, TEXTS, Matrix, given_itself, matrices_in, named, one_of
from core.io.visium.staging import linked, staged
from core.text import shown

MAX_FILES = 20_000
"""Files and folders that are looked through for one sample."""

MAX_FOLDERS_DOWN = 8

_SPATIAL = {
    "tissue_positions.parquet": re.compile(r"(.*?)tissue_positions\.parquet"),
    "tissue_positions.csv": re.compile(r"(.*?)tissue_positions(?:_list)?\.(?:csv|tsv|txt)(?:\.gz)?"),
    spatial.SCALES: re.compile(r"(.*?)scalefactors_json\.json(?:\.gz)?"),
    "tissue_lowres_image.png": re.compile(r"(.*?)tissue_lowres_image\.png(?:\.gz)?"),
    "tissue_hires_image.png": re.compile(r"(.*?)tissue_hires_image\.png(?:\.gz)?"),
}
_POSITIONS = ("tissue_positions.parquet", "tissue_positions.csv")
_PACKED = re.compile(r"(.*?)spatial\.(?:zip|tar|tar\.gz|tgz)")
_PACKED_MATRIX = re.compile(r"(.*?)filtered_(?:feature|gene)_bc_matri(?:x|ces)(?:_mex)?\.(?:zip|tar|tar\.gz|tgz)")
_OF_AGGR = "aggr_"
_MAX_TABLES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFiles:
    """The files of one sample, on this disk.

    Parameters
    ----------
    name : str
        Suggested for the sample.
    matrix : Path
        Of counts: an HDF5 file, or a folder of three text files.
    is_raw : bool
        Whether it holds all barcodes, not only those under tissue.
    spatial : Path, optional
        Folder of positions and images.
    tables : sequence of Path
        Any of them may hold an annotation.
    other_bins : sequence of str
        Sizes of Visium HD's bins that are there, too, such as `16 um`.
    is_aggregated : bool
        Whether `spaceranger aggr` wrote them, of several sections.
    """

    name: str
    matrix: Path
    is_raw: bool
    spatial: Path | None
    tables: Sequence[Path]
    other_bins: Sequence[str]
    is_aggregated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the files of one sample lie, relative to what was given."""

    matrix: Matrix
    spatial: Mapping[str, PurePosixPath]
    packed_positions: PurePosixPath | None
    tables: Sequence[PurePosixPath]
    other_bins: Sequence[str]
    is_aggregated: bool

    def files(self) -> set[PurePosixPath]:
        """Which of all files are needed."""
        packed = set() if self.packed_positions is None else {self.packed_positions}
        return {*self.matrix.files.values(), *self.spatial.values(), *self.tables, *packed}


@contextmanager
def opened_files(path: Path, section: str | None = None) -> Iterator[SampleFiles]:
    """Find the files of one sample, and unpack those that lie in an archive while the block runs.

    Parameters
    ----------
    path : Path
        A folder, a zip or tar(.gz) of one, or a matrix `.h5` with `spatial/` beside it.
    section : str, optional
        Which of several samples, by the names in :class:`SeveralSamplesError`.

    Yields
    ------
    SampleFiles

    Raises
    ------
    SampleFileError
        If no sample is found, or several are and none was named.
    """
    with ExitStack() as stack:
        folder, names, meant = _names(path)
        if path.is_dir():
            folder, names, meant = _with_packed_matrix(folder, names, meant, stack)
        matrices = matrices_in(names) if meant is None else [meant]
        layout = _around(*one_of(matrices, path, section), names)
        if archives.is_archive(path):
            folder = stack.enter_context(archives.unpacked(path, layout.files()))
        yield SampleFiles(
            name=_suggested_name(path, layout),
            matrix=_matrix_path(folder, layout.matrix, stack),
            is_raw=layout.matrix.is_raw,
            spatial=_spatial_folder(folder, layout, stack),
            tables=[folder / table for table in layout.tables],
            other_bins=layout.other_bins,
            is_aggregated=layout.is_aggregated,
        )


def _names(path: Path) -> tuple[Path, list[PurePosixPath], Matrix | None]:
    """List what was given: the folder, the names in it, and the matrix that is meant if it was given itself."""
    if archives.is_archive(path):
        return path.parent, [name for name in archives.member_names(path) if not _is_litter(name)], None
    if path.is_dir() and not _is_matrix_folder(path):
        return path, _walked(path), None
    names = _beside(path)
    return path.parent, names, given_itself(PurePosixPath(path.name), names)


def _with_packed_matrix(
    folder: Path, names: list[PurePosixPath], meant: Matrix | None, stack: ExitStack
) -> tuple[Path, list[PurePosixPath], Matrix | None]:
    """Unpack the texts of a matrix where a folder holds them in an archive, as 10x publishes them, and nothing else."""
    packed = named(names, _PACKED_MATRIX)
    if meant is not None or len(packed) != 1 or matrices_in(names):
        return folder, names, meant
    archive, prefix = packed[0][0], packed[0][1][1]
    texts = [
        name for name in archives.member_names(folder / archive) if name.name.removesuffix(".gz") in tenx.TEXT_NAMES
    ]
    unpacked = stack.enter_context(archives.unpacked(folder / archive, set(texts)))
    here = {str(archive.parent / f"{prefix}filtered_feature_bc_matrix" / name.name): unpacked / name for name in texts}
    beside = {str(name): folder / name for name in names if name != archive}
    return (
        stack.enter_context(linked({**beside, **here})),
        sorted(PurePosixPath(name) for name in (*beside, *here)),
        None,
    )


def _is_matrix_folder(path: Path) -> bool:
    """Whether a folder holds the three texts of a matrix and no positions, so that these lie beside it."""
    names = [entry.name for entry in path.iterdir()]
    has_positions = any(_SPATIAL[name].fullmatch(entry) for name in _POSITIONS for entry in names)
    has_spatial = any(name.endswith("spatial") for name in names)
    return any(TEXTS[tenx.MATRIX].fullmatch(name) for name in names) and not (has_positions or has_spatial)


def _is_litter(name: PurePosixPath) -> bool:
    """Whether a file was put there by a Mac beside the real one, or is hidden."""
    return name.name.startswith(".") or "__MACOSX" in name.parts


def _matrix_path(folder: Path, matrix: Matrix, stack: ExitStack) -> Path:
    files = {name: folder / path for name, path in matrix.files.items()}
    if all(path.name.removesuffix(".gz") in tenx.TEXT_NAMES for path in files.values()):
        return folder / matrix.path  # as 10x calls them, packed or not
    if not matrix.texts and matrix.path.suffix == ".h5":
        return folder / matrix.path
    here = stack.enter_context(staged(files))
    return here if matrix.texts else here / next(iter(files))


def _spatial_folder(folder: Path, layout: _Layout, stack: ExitStack) -> Path | None:
    if not layout.spatial and layout.packed_positions is not None:
        # As 10x publishes it for download: the matrix, and an archive of `spatial` beside it.
        archive = folder / layout.packed_positions
        names = [name for name in archives.member_names(archive) if not _is_litter(name)]
        found = _spatial_files(names, Matrix(path=PurePosixPath("x"), root=PurePosixPath()), anywhere=True)
        unpacked = stack.enter_context(archives.unpacked(archive, set(found.values())))
        return stack.enter_context(staged({name: unpacked / path for name, path in found.items()})) if found else None
    files = {name: folder / path for name, path in layout.spatial.items()}
    if not files:
        return None
    known = (*spatial.POSITIONS, spatial.SCALES, *(name for name, _ in spatial.IMAGES))
    if all(path.name in known for path in files.values()):
        return next(iter(files.values())).parent
    return stack.enter_context(staged(files))


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
        folders[:] = sorted(name for name in folders if name != "__MACOSX")
        found += [here / name for name in sorted(files)]
    return [name for name in found if not _is_litter(name)]


def _beside(matrix: Path) -> list[PurePosixPath]:
    """List what may belong to a matrix that was named itself."""
    folder = matrix.parent
    inner = [
        entry for entry in folder.iterdir() if entry.is_dir() and (entry.name.endswith("spatial") or entry == matrix)
    ]
    names = [entry.relative_to(folder) for place in (folder, *inner) for entry in place.iterdir() if entry.is_file()]
    return [name for name in sorted(map(PurePosixPath, map(Path.as_posix, names))) if not _is_litter(name)]


def _around(matrix: Matrix, other_bins: Sequence[str], names: Sequence[PurePosixPath]) -> _Layout:
    packed = [name for name, found in named(names, _PACKED) if name.parent == matrix.root and _fits(found[1], matrix)]
    tables = [name for name in names if name.parent == matrix.root and _may_be_labels(name.name)]
    others = {other.prefix for other in matrices_in(names) if other.root == matrix.root} - {matrix.prefix, ""}
    tables = [name for name in tables if not name.name.startswith(tuple(others))]
    of_aggr = any(name.name.startswith(_OF_AGGR) or name.name == "aggregation.csv" for name in names)
    found = _spatial_files(names, matrix)
    return _Layout(
        matrix=matrix,
        spatial=found,
        packed_positions=packed[0] if len(packed) == 1 else None,
        tables=tables[:_MAX_TABLES],
        other_bins=other_bins,
        is_aggregated=of_aggr and not found,
    )


def _spatial_files(
    names: Sequence[PurePosixPath], matrix: Matrix, *, anywhere: bool = False
) -> dict[str, PurePosixPath]:
    """Find positions, scales and images by their usual names; empty where there are no positions."""
    root = matrix.root
    positions = [
        (name, found[1])
        for usual in _POSITIONS
        for name, found in named(names, _SPATIAL[usual])
        if _OF_AGGR not in found[1] and (anywhere or _fits(found[1], matrix))
    ]
    holders = list(dict.fromkeys(name.parent for name, _ in positions))
    prefixed = sorted(holder for holder in holders if holder.parent == root and holder.name.endswith("spatial"))
    likely = [folder for folder in (root / "spatial", root, root.parent / "spatial") if folder in holders]
    chosen = next(iter([*likely, *(prefixed if len(prefixed) == 1 else []), *(holders if anywhere else [])]), None)
    if chosen is None:
        return {}
    prefix = next(prefix for name, prefix in positions if name.parent == chosen)
    found = {
        usual: name
        for usual, pattern in _SPATIAL.items()
        for name, match in named(names, pattern)
        if name.parent == chosen and match[1] == prefix
    }
    return found if set(_POSITIONS) & set(found) else {}


def _fits(prefix: str, matrix: Matrix) -> bool:
    """Whether what stands before a file's usual name is of the same sample."""
    ours, theirs = matrix.prefix.strip("_.- "), prefix.strip("_.- ")
    return not ours or not theirs or ours == theirs or theirs.startswith(ours) or ours.startswith(theirs)


def _may_be_labels(name: str) -> bool:
    known = (*_SPATIAL.values(), *TEXTS.values())
    plain = name.lower().removesuffix(".gz")
    return (
        plain.endswith((".csv", ".tsv", ".txt"))
        and not any(pattern.fullmatch(name) for pattern in known)
        and "metrics_summary" not in name
        and name != "aggregation.csv"
    )


def _suggested_name(path: Path, layout: _Layout) -> str:
    """Take the nearest name that tells samples apart: of the file, of a folder inside, of what was given."""
    stem = path.name if path.is_dir() else path.name.partition(".")[0]
    outside = [stem, *(parent.name for parent in path.resolve().parents)]
    if path.is_dir() and not path.name:
        outside[0] = path.resolve().name
    inside = reversed(layout.matrix.root.parts)
    candidates = [layout.matrix.prefix.rstrip("_.-"), *inside, *outside]
    return next((name for name in candidates if not GENERIC.fullmatch(name)), "sample")
