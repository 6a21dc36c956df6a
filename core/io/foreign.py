"""Files of other programs that are not read here, known by what they hold, with the next step as a sentence."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import h5py

from core.errors import SampleFileError
from core.io.found_files import first_bytes, is_packed
from core.io.other_programs import PACKED_OTHERWISE, first_known, is_of_hdf5array, next_step
from core.text import file_name, shown

_PACKED = (".zip", ".tar", ".tar.gz", ".tgz")
_MOST_LOOKED_AT = 20
_PARTS = {
    "Xenium's output, but no counts by cell: give the whole folder, with `cell_feature_matrix.h5` (or the folder "
    "`cell_feature_matrix`) and `cells.parquet` or `cells.csv.gz`. Transcripts and zarr.zip are not read": re.compile(
        r"(?!.*detected_transcripts).*(transcripts\.(parquet|csv)|experiment\.xenium|cell_feature_matrix\.zarr\.zip|gene_panel\.json)"
    ),
    "MERSCOPE's output: give `cell_by_gene.csv` and `cell_metadata.csv` of one region together. Transcripts are not read": re.compile(
        r".*(detected_transcripts|cell_by_gene.*|cell_metadata.*)\.csv"
    ),
    "CosMx's output: give `*_exprMat_file.csv` and `*_metadata_file.csv` together. Transcripts are not read": re.compile(
        r".*(exprmat_file|metadata_file|tx_file)\.csv"
    ),
}
_R_STARTS = (b"X\n\x00\x00\x00", b"A\n2\n", b"A\n3\n", b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n")
_R_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_R_ENDS = (".rds", ".rda", ".rdata")
_HDF5ARRAY = re.compile(r"assay\d+")
_HDF5 = b"\x89HDF"
_QS_ENDS = (".qs", ".qs2")
_GEM_COLUMNS = {"x", "y"}
_GEM_GENES = {"geneid", "genename", "gene"}
_GEM_COUNTS = {"midcount", "midcounts", "umicount"}


def check_file(path: Path) -> None:
    """Refuse a file of R or of Stereo-seq's text, and say how it becomes one that is read.

    Parameters
    ----------
    path : Path
        Any file that is no HDF5.

    Raises
    ------
    SampleFileError
        With the next step.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(8)
    except OSError:  # the reader that comes next says so
        return
    if path.name.lower().endswith(_QS_ENDS):
        package = path.suffix.lower().lstrip(".")
        read = f'{package}::{"qs_read" if package == "qs2" else "qread"}("{shown(path.name, 60)}")'
        raise _of_r(path, read)
    if path.name.lower().endswith(_R_ENDS) and packed.startswith(tuple(_R_PACKED)):
        raise _of_r(path)
    if not packed.startswith(_HDF5) or path.name.lower().endswith(".mat"):
        _check_name(path, path.name)
    if not packed.startswith((b"\x1f\x8b", *_R_STARTS)) and b"\0" in packed:
        return
    start = first_bytes(path)
    if start.startswith(_R_STARTS):
        raise _of_r(path)
    if _is_gem(start):
        name = shown(path.name, 60)
        raise SampleFileError(
            f"{file_name(path)} is Stereo-seq's text (gem), which lists single spots of the chip: give the .gef that SAW wrote "
            f"beside it, or make one with `geftools bgef -i {name} -o {name.partition('.')[0]}.gef`."
        )


def _check_name(path: Path, name: str) -> None:
    said = next_step(name)
    if name == path.name and name.lower().endswith(PACKED_OTHERWISE):
        return  # the archive itself, of which the kind is said when it is opened
    if said is not None:
        inside = "" if name == path.name else f" in {file_name(path)}"
        raise SampleFileError(f"{shown(name, 60)}{inside} {said}")


def check_files(path: Path, names: Sequence[PurePosixPath]) -> None:
    """Refuse a source without counts by cell that is known by its files, and say what to give.

    Parameters
    ----------
    path : Path
        A folder, an archive, or a file, which may have others beside it.
    names : sequence of PurePosixPath
        Its files.

    Raises
    ------
    SampleFileError
        With the next step.
    """
    if path.is_file() and not is_packed(path):
        if _is_table(path.name):
            raise SampleFileError(
                f"{file_name(path)} is a table by itself: give a folder or a zip of two, counts by cell or by gene, and coordinates of the "
                "same cells (`cell,x,y`)."
            )
        if path.name.lower().endswith((".mtx", ".mtx.gz")):
            raise SampleFileError(
                f"{file_name(path)} is a matrix by itself, which names neither cells nor genes: give its folder, with their names "
                "(`barcodes.tsv` and `features.tsv`, say) and a table of positions."
            )
        return
    spelled = [name.name.lower() for name in names]
    if any(name.endswith(_PACKED) and not name.endswith(".zarr.zip") for name in spelled):
        return  # the sample may lie in it
    for wanted, parts in _PARTS.items():
        if any(parts.fullmatch(name.removesuffix(".gz")) for name in spelled):
            raise SampleFileError(f"{file_name(path)} holds a part of {wanted}.")
    _check_each(path, names)
    if len(names) == 1 and _is_table(names[0].name):
        raise SampleFileError(
            f"{file_name(path)} holds one table, {shown(names[0].name, 60)}: two are needed, counts by cell or by gene, and coordinates "
            "of the same cells (`cell,x,y`)."
        )


def _is_table(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt", ".parquet"))


def _check_each(folder: Path, names: Sequence[PurePosixPath]) -> None:
    """Look into the files of a folder whose names are those of other programs; an archive is not unpacked for that."""
    if is_of_hdf5array(names):
        _check_name(folder, "assays.h5")
    ends = (*_R_ENDS, *_QS_ENDS, ".gem")
    known = [folder / name for name in names if name.name.lower().removesuffix(".gz").endswith(ends)]
    for path in known[:_MOST_LOOKED_AT]:
        if path.is_file():
            check_file(path)
    if (other := first_known(names)) is not None:
        _check_name(folder, other.name)


def check_hdf5(file: h5py.File, path: Path) -> None:
    """Refuse HDF5 of Seurat, of HDF5Array or loom, and say how it becomes h5ad.

    Parameters
    ----------
    file : h5py.File
    path : Path

    Raises
    ------
    SampleFileError
        With the next step.
    """
    stem = shown(path.stem, 60)
    if set(file) and all(_HDF5ARRAY.fullmatch(name) for name in file):
        raise SampleFileError(f"{file_name(path)} {next_step('assays.h5')}")
    if isinstance(file.get("assays"), h5py.Group) and {"cell.names", "meta.data"} & set(file):
        raise _of_r(path, f'SeuratDisk::LoadH5Seurat("{shown(path.name, 60)}")', "an h5Seurat")
    if {"matrix", "row_attrs", "col_attrs"} <= set(file):
        raise SampleFileError(
            f"{file_name(path)} is a loom file. Write it as h5ad in Python (`pip install scanpy loompy`): "
            f'`adata = scanpy.read_loom("{shown(path.name, 60)}")`, then `adata.write_h5ad("{stem}.h5ad")`, and give that. Positions '
            "are found in columns of cells such as `x` and `y`."
        )


def _of_r(path: Path, load: str = "", kind: str = "an object of R") -> SampleFileError:
    name = shown(path.name, 60)
    load = load or f'readRDS("{name}")'
    return SampleFileError(
        f"{file_name(path)} is {kind}. Write it as h5ad in R, with the package anndataR, and give that: "
        f"`obj <- {load}; obj@meta.data <- cbind(obj@meta.data, Seurat::GetTissueCoordinates(obj))`, then "
        f'`anndataR::write_h5ad(anndataR::as_AnnData(obj), "{shown(path.stem, 60)}.h5ad")`.'
    )


def _is_gem(start: bytes) -> bool:
    lines = [line for line in start.decode("utf-8", "replace").lower().splitlines() if not line.startswith("#")]
    titles = set(lines[0].split("\t")) if lines else set()
    return titles >= _GEM_COLUMNS and bool(titles & _GEM_GENES) and bool(titles & _GEM_COUNTS)
