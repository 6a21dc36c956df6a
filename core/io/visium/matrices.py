"""Matrices of counts among the names of files: which there are, and which one is meant."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.errors import SampleFileError
from core.io.visium import tenx
from core.text import file_name, shown

H5 = "filtered_feature_bc_matrix.h5"
FILTERED = re.compile(r"(.*?)filtered_(?:feature|gene)_bc_matri(?:x|ces)(?:_h5)?\.h5(?:\.gz)?")
RAW = re.compile(r"(.*?)raw_(?:feature|gene)_bc_matri(?:x|ces)(?:_h5)?\.h5(?:\.gz)?")
_NO_MATRIX = re.compile(r".*(molecule_info|raw_probe_bc_matrix|feature_slice|raw_feature_bc_matrix)\.h5(\.gz)?")
TEXTS = {
    tenx.MATRIX: re.compile(r"(.*?)(?:matrix|MoleculesPerMatchedBead)\.mtx(?:\.gz)?"),
    tenx.BARCODES: re.compile(r"(.*?)barcodes\.tsv(?:\.gz)?"),
    tenx.FEATURES[0]: re.compile(r"(.*?)(?:features|genes)\.tsv(?:\.gz)?"),
}
GENERIC = re.compile(
    r"outs|spatial|binned_outputs|square_\d+um|(filtered|raw)_feature_bc_matrix|sample|", re.IGNORECASE
)
_PREFERRED_BIN_UM = 8


class SeveralSamplesError(SampleFileError):
    """There are several samples, and none was named.

    Parameters
    ----------
    message : str
    names : sequence of str
        What to name one by.
    """

    def __init__(self, message: str, names: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.names = tuple(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """One matrix: a file, or a folder with three texts.

    Parameters
    ----------
    path : PurePosixPath
    root : PurePosixPath
        Folder of the sample.
    prefix : str
        What stands before the usual names.
    texts : mapping of str to PurePosixPath
        Text files by their usual names; empty for HDF5.
    """

    path: PurePosixPath
    root: PurePosixPath
    prefix: str = ""
    is_raw: bool = False
    texts: Mapping[str, PurePosixPath] = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, PurePosixPath]:
        """Its files by their usual names."""
        return self.texts or {H5 if self.prefix or self.path.suffix == ".gz" else self.path.name: self.path}

    @property
    def label(self) -> str:
        """What tells it from other samples: its prefix, or its folder."""
        plain = self.prefix.strip("_.- ")
        return plain or next(
            (part for part in reversed(self.root.parts) if not GENERIC.fullmatch(part)), str(self.root)
        )


def matrices_in(names: Sequence[PurePosixPath]) -> list[Matrix]:
    """Find the matrices of one kind, the most common one present: one for each sample.

    Parameters
    ----------
    names : sequence of PurePosixPath
        Of all files, relative to what was given.

    Returns
    -------
    list of Matrix
    """
    filtered = [Matrix(path=name, root=name.parent, prefix=found[1]) for name, found in named(names, FILTERED)]
    roots = {(matrix.root, matrix.prefix) for matrix in filtered}
    beside = _texts_by_sample(names)
    texts = [_of_texts(name, found[1], beside) for name, found in named(names, TEXTS[tenx.MATRIX])]
    found = filtered + [matrix for matrix in texts if not matrix.is_raw and (matrix.root, matrix.prefix) not in roots]
    others = [
        Matrix(path=name, root=name.parent)
        for name in names
        if name.suffix == ".h5" and not _NO_MATRIX.fullmatch(name.name)
    ]
    raw = [Matrix(path=name, root=name.parent, prefix=found[1], is_raw=True) for name, found in named(names, RAW)]
    return found or others or raw or [matrix for matrix in texts if matrix.is_raw]


def given_itself(path: PurePosixPath, names: Sequence[PurePosixPath]) -> Matrix:
    """Describe a matrix that was given itself, whatever it is called.

    Parameters
    ----------
    path : PurePosixPath
        A file, or the folder of three texts.
    names : sequence of PurePosixPath
        What lies in it and beside it.

    Returns
    -------
    Matrix
    """
    text = next((found for found in named(names, TEXTS[tenx.MATRIX]) if found[0].parent == path), None)
    if text is not None:
        return _of_texts(text[0], text[1][1], _texts_by_sample(names))
    usual = FILTERED.fullmatch(path.name) or RAW.fullmatch(path.name)
    prefix, is_raw = usual[1] if usual else "", bool(RAW.fullmatch(path.name))
    return Matrix(path=path, root=path.parent, prefix=prefix, is_raw=is_raw)


def named(names: Sequence[PurePosixPath], pattern: re.Pattern[str]) -> list[tuple[PurePosixPath, re.Match[str]]]:
    """Find the files whose whole name has a form.

    Parameters
    ----------
    names : sequence of PurePosixPath
    pattern : re.Pattern

    Returns
    -------
    list of (PurePosixPath, re.Match)
    """
    tried = [(name, pattern.fullmatch(name.name)) for name in names]
    return [(name, found) for name, found in tried if found is not None]


_Beside = Mapping[tuple[PurePosixPath, str], dict[str, PurePosixPath]]


def _texts_by_sample(names: Sequence[PurePosixPath]) -> _Beside:
    """Gather text files by their folder and what stands before their usual names, once for all matrices."""
    found: dict[tuple[PurePosixPath, str], dict[str, PurePosixPath]] = {}
    for usual, pattern in TEXTS.items():
        for name, match in named(names, pattern):
            found.setdefault((name.parent, match[1]), {})[usual] = name
    return found


def _of_texts(name: PurePosixPath, prefix: str, beside: _Beside) -> Matrix:
    """Put a matrix of text together with its tables."""
    folder = name.parent
    in_folder = re.fullmatch(r"(.*?)(raw|filtered)_(feature|gene)_bc_matri(x|ces)(_mex)?", folder.name)
    texts = beside[folder, prefix]
    before = prefix.partition("filtered_feature_bc")[0].partition("raw_feature_bc")[0]
    return Matrix(
        path=folder if not prefix else name,
        root=folder.parent if in_folder else folder,
        prefix=in_folder[1] if in_folder and not prefix else before,
        is_raw="raw_" in prefix or bool(in_folder and in_folder[2] == "raw"),
        texts=texts,
    )


def _labels(matrices: Sequence[Matrix]) -> list[str]:
    """Names of samples, each once."""
    labels = [matrix.label for matrix in matrices]
    times = Counter(labels)
    return [label if times[label] == 1 else str(matrix.path) for label, matrix in zip(labels, matrices, strict=True)]


def _by_bins(matrices: Sequence[Matrix]) -> dict[int, Matrix]:
    """Matrices of one section by the size of their bins; empty where they are of several sections."""
    bins = [re.fullmatch(r"square_(\d+)um", matrix.root.name) for matrix in matrices]
    if not all(bins) or len({matrix.root.parent for matrix in matrices}) != 1:
        return {}
    return {int(found[1]): matrix for found, matrix in zip(bins, matrices, strict=True) if found}


def one_of(matrices: Sequence[Matrix], source: Path, section: str | None) -> tuple[Matrix, list[str]]:
    """Choose one matrix.

    Parameters
    ----------
    matrices : sequence of Matrix
    source : Path
        Where they are, for messages.
    section : str, optional
        Name of the sample that is meant.

    Returns
    -------
    Matrix
    list of str
        Sizes of other bins of the same section.

    Raises
    ------
    SampleFileError
        If there is none.
    SeveralSamplesError
        If there are several, and no section was named.
    """
    if not matrices:
        raise SampleFileError(
            f"{file_name(source)} holds no {H5} and no {tenx.MATRIX} with its tables: give the folder that Space Ranger calls "
            "`outs`, or a zip or tar.gz of it."
        )
    labels = _labels(matrices)
    if len(matrices) == 1:
        return matrices[0], []
    if by_size := _by_bins(matrices):
        asked = [size for size in by_size if section in (f"{size} um", f"square_{size:03}um")]
        size = asked[0] if asked else min(by_size, key=lambda size: abs(size - _PREFERRED_BIN_UM))
        return by_size[size], [f"{other} um" for other in sorted(by_size) if other != size]
    if section is not None and section in labels:
        return matrices[labels.index(section)], []
    listed = ", ".join(shown(matrix.path) for matrix in matrices[:5]) + (", ..." if len(matrices) > 5 else "")
    raise SeveralSamplesError(
        f"{file_name(source)} holds {len(matrices)} matrices ({listed}): give one of them, with its `spatial` folder, or name "
        f"one as the section: {shown(', '.join(labels), 400)}.",
        labels,
    )
