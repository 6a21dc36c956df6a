"""h5ad files of any tool: counts, positions, names, annotation and image of one section.

Everything is searched where scanpy, squidpy and similar tools put it, and in other spellings; what was found and
what is missing is listed in checks. Read with h5py after `core.io.hdf5.safe` has looked at the file: nothing is unpickled.
"""

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import h5py
import numpy as np

from core.errors import SampleError, SampleFileError
from core.io.annotations import suggested_annotation
from core.io.h5ad import columns, counts, positions
from core.io.h5ad.positions import Positions
from core.io.h5ad.tables import Table
from core.io.hdf5.safe import naming, opened
from core.io.hdf5.text import decoded, read_text
from core.io.incoming import Check, ImportChoices, Survey
from core.io.lab import sample_name
from core.sample import Sample
from core.text import counted, shown

T = TypeVar("T")

_UNIT_ADVICE = "Set the micrometres per unit if that is wrong."


def survey(path: str | os.PathLike[str]) -> Survey:
    """Report what an h5ad file holds, from its shapes, its columns and some values.

    Parameters
    ----------
    path : path-like

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
    with opened(path) as file:
        return _Look(file, path).survey()


def read(path: str | os.PathLike[str], choices: ImportChoices | None = None, name: str | None = None) -> Sample:
    """Read one section from an h5ad file.

    Parameters
    ----------
    path : path-like
    choices : ImportChoices, optional
        Without, the lab's rule chooses the genes, and there is no annotation.
    name : str, optional
        What the sample is called. Of a file with several sections, the one of that name is read, else the first.

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
        return _Look(file, path, name).sample(choices or ImportChoices())


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
        return columns.barcodes(Table(file, "obs").index())


@dataclass(kw_only=True)
class _Checks:
    """Checks so far; a part that cannot be read adds a bad one."""

    found: list[Check] = field(default_factory=list)

    def say(self, what: str, found: str, status: Literal["good", "notice", "bad"] = "good", advice: str = "") -> None:
        self.found.append(Check(what=what, found=found, status=status, advice=advice))

    def part(self, what: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except SampleError as error:
            sentence = str(error)
            self.say(what, f"The file {sentence}" if sentence[:1].islower() else sentence, "bad")
            return None


class _Look:
    """One file, checked part by part."""

    def __init__(self, file: h5py.File, path: Path, wanted: str | None = None) -> None:
        self._file = file
        self._path = path
        self._wanted = wanted
        self._checks = _Checks()

    def survey(self) -> Survey:
        obs = self._checks.part("Spots", lambda: Table(self._file, "obs"))
        if obs is None:
            return Survey(kind="h5ad", name=sample_name(self._path), checks=self._checks.found)
        matrix = self._checks.part("Counts", lambda: self._matrix(obs, None))
        where = self._checks.part("Positions", lambda: positions.positions(self._file, obs))
        spots = self._checks.part("Spots", lambda: self._spots(obs, where)) if where is not None else None
        if where is not None and spots is not None:
            self._checks.part("Positions", lambda: self._placed(where, spots, ImportChoices()))
        self._say_image()
        annotations = columns.annotation_columns(obs)
        suggested = suggested_annotation(annotations)
        self._say_annotation(annotations, suggested)
        if self._is_own:
            self._checks.say("Genes", "Chosen before: this program wrote the file. All of them are kept.")
        keys = counts.keys(self._file)
        return Survey(
            kind="h5ad",
            name=self._library or sample_name(self._path),
            n_spots=obs.n_rows if spots is None else int(spots.sum()),
            n_genes=0 if matrix is None else matrix.shape[1],
            annotations=annotations,
            suggested_annotation=suggested,
            layers=keys if len(keys) > 1 else (),
            checks=self._checks.found,
        )

    def sample(self, choices: ImportChoices) -> Sample:
        obs = Table(self._file, "obs")
        matrix = self._matrix(obs, choices.layer)
        where = positions.positions(self._file, obs)
        spots = self._spots(obs, where)
        genes = Table(self._file, matrix.var_key)
        if genes.n_rows != matrix.shape[1]:
            raise SampleFileError(
                f"has {counted(matrix.shape[1], 'column')} in `{matrix.key}` but {counted(genes.n_rows, 'row')} in `{genes.key}`: each gene needs one."
            )
        if self._is_own and choices.genes == "present":
            choices = dataclasses.replace(choices, genes="all")
        labels = None if choices.annotation is None else columns.labels(obs, choices.annotation)[spots]
        expression, kept = counts.read(matrix, spots, choices)
        gene_names, barcodes = columns.gene_names(genes), columns.barcodes(obs.index()[spots])
        rgb = positions.colours(self._file, obs.n_rows)
        return Sample(
            name=self._wanted or self._library or sample_name(self._path),
            expression=expression,
            labels_true=labels,
            gene_names=None if gene_names is None else gene_names[kept],
            barcodes=barcodes,
            spot_rgb=None if rgb is None else rgb[spots],
            image=None if self._library is None else positions.image(self._file, self._library),
            source=_own_text(self._file, "source"),
            synthetic=bool(positions.lone_number(self._file.get(f"uns/{positions.OWN}/synthetic"))),
            **self._placed(where, spots, choices),
        )

    @property
    def _is_own(self) -> bool:
        """Whether this program wrote the file, so that its genes were chosen before."""
        return isinstance(self._file.get(f"uns/{positions.OWN}"), h5py.Group)

    @property
    def _library(self) -> str | None:
        """Library in `uns["spatial"]` that is read: the one asked for, or the first."""
        names = positions.libraries(self._file)
        if self._wanted in names:
            return self._wanted
        return names[0] if names else None

    def _matrix(self, obs: Table, key: str | None) -> counts.Matrix:
        if key is None:
            found, kind = counts.likeliest(self._file, obs.n_rows)
        else:
            found = counts.matrix(self._file, key, obs.n_rows)
            kind = counts.content(found)
        size = f"`{found.key}` ({found.kind}): {counted(found.shape[0], 'spot')} x {counted(found.shape[1], 'gene')}"
        if kind == "negative":
            raise SampleFileError(
                f"`{shown(found.key)}` holds negative values: it was scaled or centred. Save the counts, as a layer or in `raw`."
            )
        if kind == "fractions":
            advice = "Export the raw counts if you can: the method was made for counts."
            self._checks.say("Counts", f"{size}, not whole numbers: normalised, it seems.", "notice", advice)
        elif found.key != "X" and "X" in self._file:
            self._checks.say("Counts", f"{size}, whole numbers, taken because `X` holds none.", "notice")
        else:
            self._checks.say("Counts", f"{size}, whole numbers.")
        return found

    def _spots(self, obs: Table, where: Positions) -> np.ndarray:
        """Rows that are read: under tissue, and of one section."""
        kept = self._under_tissue(obs)
        column = self._section_column(obs, where, kept)
        if column is not None:
            found = obs.classes(column)
            names = [] if found is None else found.names[np.unique(found.codes[kept & (found.codes >= 0)])].tolist()
            section = self._wanted if self._wanted in names else self._library if self._library in names else names[0]
            kept &= obs.text(column) == section
            self._checks.say(
                "Sections",
                f"{len(names)} in the column {shown(column)}; {shown(section)} is read.",
                "notice",
                f"Give the name of another to read that: {shown(', '.join(names), 300)}.",
            )
        self._checks.say("Spots", f"{counted(int(kept.sum()), 'spot')}.")
        return kept

    def _under_tissue(self, obs: Table) -> np.ndarray:
        flags = obs.numbers("in_tissue") if "in_tissue" in obs.columns else None
        inside = np.ones(obs.n_rows, dtype=bool) if flags is None else flags == 1
        if not inside.any():
            return np.ones(obs.n_rows, dtype=bool)
        if not inside.all():
            self._checks.say(
                "Tissue",
                f"{counted(int((~inside).sum()), 'spot is', 'spots are')} not under tissue and left out.",
                "notice",
            )
        return inside

    def _section_column(self, obs: Table, where: Positions, kept: np.ndarray) -> str | None:
        """Column that separates sections, if a file has several."""
        libraries = positions.libraries(self._file)
        several = len(libraries) > 1
        stacked = where.array is not None and positions.off_lattice_because(where.array[kept]).startswith("are shared")
        for column in obs.columns if several or stacked else []:
            found = obs.classes(column)
            if found is None or not 2 <= found.n_used <= columns.MAX_CLASSES:
                continue
            named = several and set(libraries) <= set(found.names.tolist())
            if named or (stacked and where.array is not None and _apart(found.codes[kept], where.array[kept])):
                return column
        return None

    def _placed(self, where: Positions, spots: np.ndarray, choices: ImportChoices) -> dict[str, Any]:
        """Positions in the form of a sample."""
        array = None if where.array is None else where.array[spots]
        coords = None if where.coords is None else where.coords[spots]
        why_not = "" if array is None else positions.off_lattice_because(array)
        if array is not None and not why_not:
            self._checks.say("Positions", f"Array rows and columns from {shown(where.array_from)}.")
            return {"lattice": array.astype(np.int64), "coords_px": None if where.in_um else _finite(coords)}
        if array is not None:
            self._checks.say("Array positions", f"{shown(where.array_from)} {why_not}; they are not used.", "notice")
        if coords is None:
            coords, source = array, where.array_from
        else:
            source = where.coords_from
        return self._placed_by(coords, source, where, choices)

    def _placed_by(
        self, coords: np.ndarray | None, source: str, where: Positions, choices: ImportChoices
    ) -> dict[str, Any]:
        if coords is None or not np.isfinite(coords).all():
            raise SampleFileError(
                f"`{shown(source)}` holds positions that are not finite: leave out spots without one."
            )
        scales = {} if self._library is None else positions.scale_factors(self._file, self._library)
        known = 1.0 if where.in_um else positions.um_per_unit(scales)
        unit = choices.um_per_unit if known is None else known
        origin = "as the file says" if known is not None else "as nothing in the file says otherwise"
        self._checks.say(
            "Positions",
            f"Coordinates from {shown(source)}, {unit:.4g} um per unit, {origin}.",
            "good" if known is not None else "notice",
            "" if known is not None else _UNIT_ADVICE,
        )
        said = known is not None or unit != ImportChoices().um_per_unit
        return {
            "coords_um": coords * unit,
            "coords_px": coords if scales and not where.in_um else None,
            "unit_known": said and not self._own_unit_unknown(),
        }

    def _own_unit_unknown(self) -> bool:
        return bool(positions.lone_number(self._file.get(f"uns/{positions.OWN}/unit_unknown")))

    def _say_image(self) -> None:
        libraries = positions.libraries(self._file)
        key = None if self._library is None else positions.image_key(self._file, self._library)
        if key is None:
            self._checks.say("Image", "None, which is fine.")
        else:
            self._checks.say("Image", f"The {key} image of {shown(self._library)}.")
        if len(libraries) > 1:
            self._checks.say("Image", f"{len(libraries)} libraries; {shown(self._library)} is taken.", "notice")

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


def _apart(codes: np.ndarray, array: np.ndarray) -> bool:
    """Whether no two spots of one class share a position."""
    return bool((codes >= 0).all()) and len(np.unique(np.column_stack([codes, array]), axis=0)) == len(array)


def _finite(coords: np.ndarray | None) -> np.ndarray | None:
    return coords if coords is not None and np.isfinite(coords).all() else None


def _own_text(file: h5py.File, key: str) -> str:
    found = file.get(f"uns/{positions.OWN}/{key}")
    is_text = isinstance(found, h5py.Dataset) and h5py.check_string_dtype(found.dtype) and found.ndim == 1
    return " ".join(decoded(text) for text in read_text(found)) if is_text else ""
