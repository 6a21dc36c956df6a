"""h5ad files of any tool: counts, positions, names, annotation and image of one section.

Everything is searched where scanpy, squidpy and similar tools put it, and in other spellings; what was found and
what is missing is listed in checks. Read with h5py after `core.io.hdf5.safe` has looked at the file: nothing is unpickled.
"""

import dataclasses
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core.errors import SampleFileError
from core.io.annotations import suggested_annotation
from core.io.controls import control_check, controls
from core.io.h5ad import columns, counts, images, matrices, positions, sections
from core.io.h5ad.checks import Checks
from core.io.h5ad.kinds import PREFERENCE, Kind, Verdict
from core.io.h5ad.matrices import Matrix
from core.io.h5ad.modality import rna_of
from core.io.h5ad.places import Places
from core.io.h5ad.tables import Table
from core.io.hdf5.safe import naming, opened
from core.io.hdf5.text import decoded, read_text
from core.io.incoming import ImportChoices, Survey
from core.io.lab import sample_name
from core.io.spacing import CELLS_UM, spacing_of
from core.sample import Sample
from core.text import counted, shown

OWN_LABELS = "domain"
"""Column of clusters in files that this program wrote, which are no annotation."""


def survey(path: str | os.PathLike[str], section: str | None = None) -> Survey:
    """Report what an h5ad file holds, from its shapes, its columns and some values.

    Parameters
    ----------
    path : path-like
    section : str, optional
        Which of several sections; the first by default.

    Returns
    -------
    Survey
        With a bad check, instead of an error, for each part that cannot be read.

    Raises
    ------
    UnsafeFileError
        If the file holds something that could run code or reach other files.
    SampleFileError
        If it is missing, not HDF5, cut off or damaged.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        return _Look(rna_of(file), path, section).survey()


def read(
    path: str | os.PathLike[str],
    choices: ImportChoices | None = None,
    name: str | None = None,
    section: str | None = None,
) -> Sample:
    """Read one section from an h5ad file.

    Parameters
    ----------
    path : path-like
    choices : ImportChoices, optional
        Without, the lab's rule chooses the genes, and there is no annotation.
    name : str, optional
        What the sample is called. Of a file with several sections, the one of that name is read, else the first.
    section : str, optional
        Which of several sections, where it is not called like the sample.

    Returns
    -------
    Sample
        On the lattice where the file has valid array positions, else with `coords_um`. Spots that are not under tissue
        are left out. Of files that `core.io.h5ad.writing` wrote the lab's rule keeps all genes: they were chosen before.

    Raises
    ------
    UnsafeFileError
        If the file holds something that could run code or reach other files.
    SampleFileError
        If it is missing, damaged or not laid out as h5ad, or something asked for is not in it.
    DuplicateSpotError or SampleError
        If its values are not a sample's; the message begins with the file's name.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        sample = _Look(rna_of(file), path, section or name).sample(choices or ImportChoices())
        return sample if name is None else dataclasses.replace(sample, name=name)


def read_barcodes(path: str | os.PathLike[str]) -> np.ndarray | None:
    """Read the names of all rows, without counts.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        None if they only number the rows.

    Raises
    ------
    SampleFileError
        If there is no table `obs`, or the file is damaged.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        return columns.barcodes(columns.row_names(Table(rna_of(file), "obs")))


_FOUND: dict[Kind, str] = {
    "restored": "normalised, or logarithms of it; the counts can be told exactly, and are restored.",
    "normalised": "normalised to one total in every spot; logarithms are undone where it held them, library sizes are not known.",
    "logarithms": "not whole numbers: logarithms of normalised expression, it seems, used as they are.",
    "fractions": "not whole numbers: normalised, it seems, and taken for counts.",
    "flags": "0 and 1 only: whether a gene was found, it seems, taken for counts.",
    "ranks": "whole numbers with one maximum in every spot: ranks or bins, it seems, taken for counts.",
}
_ADVICE: dict[Kind, str] = dict.fromkeys(
    ("normalised", "logarithms", "fractions", "flags", "ranks"),
    "Export the raw counts if you can: the method was made for counts.",
)


class _Look:
    """One file, checked part by part."""

    def __init__(self, file: h5py.File, path: Path, wanted: str | None = None) -> None:
        self._file = file
        self._path = path
        self._wanted = wanted
        self._checks = Checks()
        self._places = Places(file, self._checks, wanted)

    def survey(self) -> Survey:
        obs = self._checks.part("Spots", lambda: Table(self._file, "obs"))
        if obs is None:
            return Survey(kind="h5ad", name=sample_name(self._path), checks=self._checks.found)
        matrix = self._checks.part("Counts", lambda: self._matrix(obs, None))
        where = self._checks.part("Positions", lambda: positions.positions(self._file, obs))
        spots = self._checks.part("Spots", lambda: self._places.spots(obs, where)) if where is not None else None
        if where is not None and spots is not None:
            self._checks.part("Positions", lambda: self._places.placed(obs, where, spots, ImportChoices()))
        self._say_image()
        annotations = columns.annotation_columns(obs)
        suggested = suggested_annotation(self._by_people(annotations, obs))
        self._say_annotation(annotations, suggested)
        if self._is_own:
            self._checks.say("Genes", "Chosen before: this program wrote the file. All of them are kept.")
        n_controls = 0 if matrix is None else self._say_controls(matrix[0])
        keys = matrices.keys(self._file)
        return Survey(
            kind="h5ad",
            name=self._places.library or sample_name(self._path),
            n_spots=obs.n_rows if spots is None else int(spots.sum()),
            n_genes=0 if matrix is None else matrix[0].shape[1] - n_controls,
            annotations=annotations,
            suggested_annotation=suggested,
            layers=keys if len(keys) > 1 else (),
            sections=self._places.sections,
            contradicts=self._places.contradicts,
            checks=self._checks.found,
        )

    def sample(self, choices: ImportChoices) -> Sample:
        obs = Table(self._file, "obs")
        matrix, verdict = self._matrix(obs, choices.layer)
        where = positions.positions(self._file, obs)
        spots = self._places.spots(obs, where)
        genes = Table(self._file, matrix.var_key)
        if genes.n_rows != matrix.shape[1]:
            raise SampleFileError(
                f"has {counted(matrix.shape[1], 'column')} in `{matrix.key}` but {counted(genes.n_rows, 'row')} in `{genes.key}`: each gene needs one."
            )
        if self._is_own and choices.genes in ("usual", "present"):
            choices = dataclasses.replace(choices, genes="all")
        labels = None if choices.annotation is None else columns.labels(obs, choices.annotation)[spots]
        placed = self._places.placed(obs, where, spots, choices)
        expression, kept, kind = counts.read(matrix, spots, choices, verdict, cells=_are_cells(placed))
        beside = Table(self._file, "var") if genes.key != "var" and "var" in self._file else None
        gene_names, gene_ids = columns.gene_names(genes, beside), columns.gene_ids(genes, beside)
        if gene_names is not None and (is_control := controls(gene_names[kept])).any():
            expression, kept = expression[:, ~is_control], kept[~is_control]
        barcodes = columns.barcodes(columns.row_names(obs)[spots])
        rgb = images.colours(self._file, obs.n_rows)
        return Sample(
            name=self._wanted or self._places.library or sample_name(self._path),
            expression=expression,
            labels_true=labels,
            gene_names=None if gene_names is None else gene_names[kept],
            gene_ids=None if gene_ids is None else gene_ids[kept],
            barcodes=barcodes,
            spot_rgb=None if rgb is None else rgb[spots],
            image=None if self._places.library is None else images.image(self._file, self._places.library),
            expression_kind=self._own_kind if self._is_own else kind,
            source=_own_text(self._file, "source"),
            synthetic=bool(images.lone_number(self._file.get(f"uns/{positions.OWN}/synthetic"))),
            **placed,
        )

    def _by_people(self, annotations: dict[str, int], obs: Table) -> list[str]:
        """Columns that could be the annotation without anybody saying so."""
        never = {
            self._places.section_of,
            sections.of_spatialdata(self._file, obs),
            *([OWN_LABELS] if self._is_own else []),
        }
        return [name for name in annotations if name not in never]

    @property
    def _is_own(self) -> bool:
        """Whether this program wrote the file, so that its genes were chosen before."""
        return isinstance(self._file.get(f"uns/{positions.OWN}"), h5py.Group)

    def _matrix(self, obs: Table, key: str | None) -> tuple[Matrix, Verdict]:
        if key is None:
            found, verdict = counts.likeliest(self._file, obs.n_rows)
        else:
            found = matrices.matrix(self._file, key, obs.n_rows)
            verdict = counts.verdict(found)
        if self._is_own:  # what its values are was found when they first came in
            return found, Verdict(kind="counts")
        size = f"`{found.key}` ({found.kind}): {counted(found.shape[0], 'spot')} x {counted(found.shape[1], 'gene')}"
        if verdict.kind == "negative":
            raise SampleFileError(
                f"`{shown(found.key)}` holds negative values: it was scaled or centred. Save the counts, as a layer or in `raw`."
            )
        if verdict.kind != "counts":
            self._checks.say("Counts", f"{size}, {_FOUND[verdict.kind]}", "notice", _ADVICE.get(verdict.kind, ""))
        elif found.key != "X" and "X" in self._file:
            is_whole = counts.verdict(matrices.matrix(self._file, "X", obs.n_rows)).kind == "counts"
            why = "by its name: `X` holds other whole numbers" if is_whole else "because `X` holds none"
            advice = "Choose `X` if that is what was counted." if is_whole else ""
            self._checks.say("Counts", f"{size}, whole numbers, taken {why}.", "notice", advice)
        else:
            self._checks.say("Counts", f"{size}, whole numbers.")
        return found, verdict

    @property
    def _own_kind(self) -> Kind:
        stored = _own_text(self._file, "expression_kind")
        return next((kind for kind in PREFERENCE if kind == stored), "counts")

    def _say_controls(self, matrix: Matrix) -> int:
        """Count the control probes among the genes of a matrix; a table that cannot be read is said elsewhere."""
        try:
            names = columns.gene_names(Table(self._file, matrix.var_key))
        except SampleFileError:
            return 0
        said = None if names is None else control_check(names)
        if names is None or said is None:
            return 0
        self._checks.found.append(said)
        return int(controls(names).sum())

    def _say_image(self) -> None:
        libraries = images.libraries(self._file)
        key = None if self._places.library is None else images.image_key(self._file, self._places.library)
        if key is None:
            self._checks.say("Image", "None, which is fine.")
        else:
            self._checks.say("Image", f"The {key} image of {shown(self._places.library)}.")
        if len(libraries) > 1:
            self._checks.say("Image", f"{len(libraries)} libraries; {shown(self._places.library)} is taken.", "notice")

    def _say_annotation(self, annotations: dict[str, int], suggested: str | None) -> None:
        if not annotations:
            self._checks.say("Annotation", "No column looks like one, which is fine.")
        elif suggested is None:
            self._checks.say("Annotation", f"{counted(len(annotations), 'column')} could be one; none need be.")
        else:
            classes = annotations[suggested]
            self._checks.say(
                "Annotation", f"{shown(suggested)} looks like one, with {counted(classes, 'class', 'classes')}."
            )


def _are_cells(placed: dict[str, Any]) -> bool:
    """Whether spots lie off the lattice, as far apart as cells do."""
    coords = placed.get("coords_um")
    return coords is not None and bool(placed["unit_known"]) and CELLS_UM[0] <= spacing_of(coords) <= CELLS_UM[1]


def _own_text(file: h5py.File, key: str) -> str:
    found = file.get(f"uns/{positions.OWN}/{key}")
    is_text = isinstance(found, h5py.Dataset) and h5py.check_string_dtype(found.dtype) and found.ndim == 1
    return " ".join(decoded(text) for text in read_text(found)) if is_text else ""
