"""The formats of instruments, and how each is known: one table, looked at from top to bottom.

A folder or an archive is known by the files in it, a single file by what it holds. What no line here knows is Space Ranger's
output, h5ad or the lab's format (`core.io.importing`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import SampleFileError
from core.io import (
    cell_sections,
    cells,
    coordinate_tables,
    cosmx,
    foreign,
    matrix_and_table,
    merscope,
    named_places,
    stereo,
    two_tables,
    xenium,
)
from core.io.cells import Cells
from core.io.found_files import Found, at_hand, is_packed, list_files, suggested_name
from core.io.incoming import Check, ImportChoices, Survey
from core.io.other_programs import is_of_hdf5array
from core.io.spatialdata import reading as spatialdata
from core.io.spatialdata.store import is_metadata
from core.io.visium import segmented
from core.io.visium.matrices import SeveralSamplesError
from core.sample import Sample
from core.text import file_name, listed, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of several files.

    Parameters
    ----------
    name : str
    holds : str
        What it is known by, for people.
    find : callable
        Samples among the names of files.
    read : callable
        Of a folder, the files that were found, and a name.
    """

    name: str
    holds: str
    find: Callable[[Sequence[PurePosixPath]], list[Found]]
    read: Callable[..., Cells]


OF_FILES = (
    Format(
        name=xenium.KIND,
        holds="`cell_feature_matrix.h5` (or its folder of three texts) with `cells.parquet` or `cells.csv.gz`",
        find=xenium.find,
        read=xenium.read,
    ),
    Format(
        name=merscope.KIND,
        holds="`cell_by_gene.csv` with `cell_metadata.csv`",
        find=merscope.find,
        read=merscope.read,
    ),
    Format(
        name=cosmx.KIND,
        holds="`*_exprMat_file.csv` with `*_metadata_file.csv`",
        find=cosmx.find,
        read=cosmx.read,
    ),
    Format(
        name=segmented.KIND,
        holds="`filtered_feature_cell_matrix.h5` with `cell_segmentations.geojson`, in `segmented_outputs`",
        find=segmented.find,
        read=segmented.read,
    ),
)
"""Formats that the names of their files tell."""

TWO_TABLES = Format(
    name=two_tables.KIND,
    holds="a table of counts and a table of coordinates that name the same cells",
    find=two_tables.find,
    read=two_tables.read,
)
"""Tried where no matrix of 10x's kind is found either."""

MATRIX_AND_TABLE = Format(
    name=matrix_and_table.KIND,
    holds="a matrix of 10x's kind with a table of coordinates beside it, and no `tissue_positions`",
    find=matrix_and_table.find,
    read=matrix_and_table.read,
)
"""Tried where there is such a matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A source whose format was recognised.

    Parameters
    ----------
    path : Path
    format : Format or None
        None for a `.gef`, which is one file.
    samples : sequence of Found
    """

    path: Path
    format: Format | None
    samples: Sequence[Found] = ()

    @contextmanager
    def opened(self, section: str | None = None, axes: tuple[str, str] | None = None) -> Iterator[Cells]:
        """Read what the source says of its cells; counts can be read while the block runs.

        Parameters
        ----------
        section : str, optional
            Which of several samples, or of several matrices of one.
        axes : (str, str), optional
            Columns that hold x and y.

        Yields
        ------
        Cells
        """
        if self.format is None:
            yield stereo.read(self.path, section)
            return
        found = self._chosen(section)
        inside = None if len(self.samples) > 1 else section  # else it named one of several samples
        with ExitStack() as stack:
            more: dict[str, dict[str, Any]] = {
                TWO_TABLES.name: {"axes": axes, "section": inside},
                MATRIX_AND_TABLE.name: {"axes": axes, "stack": stack},
            }
            folder = stack.enter_context(at_hand(self.path, found))
            every = self.format.read(folder, found, suggested_name(self.path, found), **more.get(self.format.name, {}))
            yield cell_sections.of_section(every, inside)

    def survey(
        self, section: str | None, labels_of: cells.LabelsOf | None, axes: tuple[str, str] | None = None
    ) -> Survey:
        """Report what the source holds; arguments as for :func:`survey`."""
        try:
            with self.opened(section, axes) as found:
                return cells.survey(found, labels_of)
        except cell_sections.SeveralSectionsError as error:
            several = Check(what="Sections", found=str(error), status="bad")
            return Survey(kind=error.kind, name=error.name, sections=error.names, checks=[several])
        except coordinate_tables.NoAxesError as error:
            said = Check(what="Positions", found=str(error), status="bad")
            return Survey(kind=two_tables.KIND, name=file_name(self.path), columns=error.columns, checks=[said])

    def read(
        self,
        choices: ImportChoices,
        name: str | None,
        section: str | None,
        labels_of: cells.LabelsOf | None,
        axes: tuple[str, str] | None = None,
    ) -> Sample:
        """Read the source as a sample; arguments as for :func:`read`."""
        if choices.layer is not None:
            raise SampleFileError(
                f"{file_name(self.path)} has one matrix of counts and no layers: leave the layer out."
            )
        with self.opened(section, axes) as found:
            source = f"{found.kind}, imported from {file_name(self.path)}."
            return cells.sample(found, choices, source, name=name, labels_of=labels_of)

    def _chosen(self, section: str | None) -> Found:
        names = [found.called for found in self.samples]
        if len(names) == 1:
            return self.samples[0]
        if section not in names:
            raise SeveralSamplesError(
                f"{file_name(self.path)} holds {len(names)} samples: {shown(listed(names), 300)}. Choose one, or bring in each as a "
                "sample of its own.",
                names,
            )
        return self.samples[names.index(section)]


def recognised(path: Path) -> Recognised | None:
    """Find out whether a source is of an instrument.

    Parameters
    ----------
    path : Path
        A folder, an archive, or a file, which may have others beside it.

    Returns
    -------
    Recognised or None
        None for what `core.io.importing` knows itself.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If the source is damaged or hostile.
    """
    if not path.exists():
        return None
    if path.is_file():
        foreign.check_file(path)
    names = [name for name in list_files(path) if not name.name.startswith("._")]
    given = "" if path.is_dir() or is_packed(path) else path.name
    for known in (*OF_FILES, MATRIX_AND_TABLE if _has_matrix(names) else TWO_TABLES):
        samples = [found for found in known.find(names) if not given or _holds(found, given)]
        if samples:
            return Recognised(path=path, format=known, samples=[replace(found, given=given) for found in samples])
    if (alone := _placed_by_names(path, names, given)) is not None:
        return alone
    of_text = given.lower().endswith((".mtx", ".mtx.gz"))  # without the names that stand in other files
    if of_text or not _has_matrix([PurePosixPath(path.name)] if given else names) or is_of_hdf5array(names):
        foreign.check_files(path, names)
    return None


def _is_of_other(known: Recognised | None, section: str | None) -> bool:
    """Whether what is asked for of the same source is read by another reader: bins beside cells."""
    if known is None or section is None:
        return False
    return any(section in found.choices[1:] for found in known.samples)


def _holds(found: Found, given: str) -> bool:
    return any(name.name == given for name in found.files)


def _has_matrix(names: Sequence[PurePosixPath]) -> bool:
    plain = [name.name.removesuffix(".gz") for name in names]
    return any(name.endswith((".h5", "matrix.mtx", "MoleculesPerMatchedBead.mtx", ".h5ad")) for name in plain)


def _placed_by_names(path: Path, names: Sequence[PurePosixPath], given: str) -> Recognised | None:
    """Recognise a table by itself whose rows are named by their places; an archive is not unpacked for that."""
    tables = [name for name in names if name.name.lower().endswith(two_tables.ENDINGS) and given in ("", name.name)]
    if len(tables) != 1 or is_packed(path):
        return None
    folder = path if path.is_dir() else path.parent
    if tables[0].suffix == ".parquet" or not named_places.is_placed_by_names(folder / tables[0]):
        return None
    found = Found(roles={tables[0].name: tables[0]}, given=given)
    return Recognised(path=path, format=TWO_TABLES, samples=[found])


def survey(
    path: Path,
    section: str | None = None,
    labels_of: cells.LabelsOf | None = None,
    axes: tuple[str, str] | None = None,
) -> Survey | None:
    """Report what an instrument's output holds, without reading counts.

    Parameters
    ----------
    path : Path
    section : str, optional
        Which of several samples or matrices.
    labels_of : callable, optional
        Of a table of cells and labels.
    axes : (str, str), optional
        Columns that hold x and y.

    Returns
    -------
    Survey or None
        None for what is of no instrument.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If the source is damaged or hostile.
    """
    root = _store_in(path)
    if root is not None:
        return spatialdata.survey(path, root, section, labels_of)
    known = recognised(path)
    return None if known is None or _is_of_other(known, section) else known.survey(section, labels_of, axes)


def read(
    path: Path,
    choices: ImportChoices,
    *,
    name: str | None = None,
    section: str | None = None,
    labels_of: cells.LabelsOf | None = None,
    axes: tuple[str, str] | None = None,
) -> Sample | None:
    """Read an instrument's output as a sample.

    Parameters
    ----------
    path : Path
    choices : ImportChoices
    name : str, optional
    section : str, optional
        Which of several samples or matrices.
    labels_of : callable, optional
        Of a table of cells and labels.
    axes : (str, str), optional
        Columns that hold x and y.

    Returns
    -------
    Sample or None
        None for what is of no instrument.

    Raises
    ------
    SampleFileError, UnsafeFileError or SampleError
        If the source cannot be read as a sample.
    """
    root = _store_in(path)
    if root is not None:
        return spatialdata.read(path, root, choices, name=name, section=section, labels_of=labels_of)
    known = recognised(path)
    if known is None or _is_of_other(known, section):
        return None
    return known.read(choices, name, section, labels_of, axes)


def _store_in(path: Path) -> PurePosixPath | None:
    """Find a store of zarr in a folder or an archive; beside an instrument's own files it is one of its by-products."""
    if path.is_file():
        foreign.check_file(path)  # what is packed in another way is told by its name
    if not path.is_dir() and not is_packed(path):
        return None
    names = list_files(path)
    if not any(map(is_metadata, names)) or any(known.find(names) for known in OF_FILES):
        return None
    return spatialdata.root_of(names)
