"""Good sources of every kind that a stranger may send, to be spoilt, and readers that say what became of them."""

import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from core.io import importing, lab
from core.io.incoming import ImportChoices
from core.sample import Sample
from tests.h5ad_files import saved, visium_adata
from tests.incoming_tissue import tissue, write_folder


class Exploit:
    """Leaves a mark where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


@dataclass(frozen=True)
class Source:
    """Something to bring in, and a table of labels where there is one."""

    path: Path
    table: Path | None = None


def bring(source: Source) -> Sample:
    """Look at a source and read it, as the page does."""
    found = importing.survey(source.path, annotation_csv=source.table)
    choices = ImportChoices(genes="all", annotation=found.suggested_annotation)
    return importing.read(source.path, choices, annotation_csv=source.table)


def lab_file(folder: Path) -> Source:
    """The lab's h5."""
    path = folder / "sample_gift.h5"
    lab.write(tissue(), path)
    return Source(path)


def matrix(folder: Path) -> Source:
    """Space Ranger's folder, with the matrix as HDF5."""
    return Source(write_folder(folder / "block"))


def archive_zip(folder: Path) -> Source:
    """A zip of the folder."""
    block, path = write_folder(folder / "block"), folder / "block.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(block.rglob("*")):
            archive.write(file, f"block/{file.relative_to(block)}")
    return Source(path)


def archive_tar(folder: Path) -> Source:
    """A tar.gz of the folder."""
    block, path = write_folder(folder / "block"), folder / "block.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(block, "block")
    return Source(path)


def annotated(folder: Path) -> Source:
    """The folder with a table of labels of its own."""
    block = write_folder(folder / "block")
    table = folder / "labels.csv"
    table.write_bytes((block / "annotation.csv").read_bytes())
    return Source(block, table)


def anndata(folder: Path) -> Source:
    """An h5ad, as anndata writes it."""
    return Source(saved(visium_adata(tissue()), folder))


KINDS: dict[str, Callable[[Path], Source]] = {
    "lab": lab_file,
    "matrix": matrix,
    "zip": archive_zip,
    "tar": archive_tar,
    "table": annotated,
    "h5ad": anndata,
}


def edited(path: Path, change: Callable[[h5py.File], None]) -> None:
    """Change an HDF5 file in place."""
    with h5py.File(path, "a") as file:
        change(file)
