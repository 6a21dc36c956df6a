"""Which rows of an h5ad file are one section, and where they lie."""

from typing import Any

import h5py
import numpy as np

from core.errors import SampleFileError
from core.io import placing, spacing
from core.io.h5ad import columns, images, positions, sections, units
from core.io.h5ad.checks import Checks
from core.io.h5ad.positions import Positions
from core.io.h5ad.sections import Column
from core.io.h5ad.tables import Table
from core.io.incoming import ImportChoices
from core.text import counted, shown

_LEAST_PLACES = 0.6
"""Share of spots that lie at places of their own, in a file of one section."""

_UNIT_ADVICE = "Set the micrometres per unit if that is wrong."


class Places:
    """Rows and positions of one section of a file.

    Parameters
    ----------
    file : h5py.File
    checks : Checks
        What is found is added to them.
    wanted : str, optional
        Name of the section.
    """

    def __init__(self, file: h5py.File, checks: Checks, wanted: str | None = None) -> None:
        self._file = file
        self._checks = checks
        self._wanted = wanted
        self.sections: list[str] = []
        self.section_of = ""
        self.contradicts = False

    @property
    def library(self) -> str | None:
        """Library in `uns["spatial"]` that is read: the one asked for, or the first."""
        names = images.libraries(self._file)
        if self._wanted in names:
            return self._wanted
        return names[0] if names else None

    def spots(self, obs: Table, where: Positions) -> np.ndarray:
        """Find the rows that are read: under tissue, with a position, and of one section.

        Parameters
        ----------
        obs : Table
        where : Positions

        Returns
        -------
        ndarray of shape (n_rows,), bool
        """
        kept = self._with_position(where, self._under_tissue(obs, where))
        column = self._section_column(obs, where, kept)
        if column is not None:
            names = column.used(kept)
            section = self._wanted if self._wanted in names else self.library if self.library in names else names[0]
            kept &= column.codes == column.names.index(section)
            self.sections, self.section_of = names, column.name
            self._checks.say(
                "Sections",
                f"{len(names)} in the column {shown(column.name)}; {shown(section)} is read.",
                "notice",
                f"Give the name of another to read that: {shown(', '.join(names), 300)}.",
            )
        else:
            self._check_not_laid_over(where, kept)
        self._checks.say("Spots", f"{counted(int(kept.sum()), 'spot')}.")
        names = obs.index()[kept]
        n_again = len(names) - len(np.unique(names))
        if n_again:
            found = (
                f"{counted(n_again, 'name stands', 'names stand')} again for another spot; a number is put behind it."
            )
            self._checks.say("Names", found, "notice")
        return kept

    def _under_tissue(self, obs: Table, where: Positions) -> np.ndarray:
        flags = columns.truths(obs, "in_tissue") if "in_tissue" in obs.columns else None
        inside = np.ones(obs.n_rows, dtype=bool) if flags is None else flags == 1
        if flags is None or not inside.any():
            return np.ones(obs.n_rows, dtype=bool)
        inside |= ~np.isfinite(flags) & ~where.known  # without a flag and without a position: counted there
        n_outside = int((~inside).sum())
        if n_outside:
            found = f"{counted(n_outside, 'spot is', 'spots are')} not under tissue and left out."
            self._checks.say("Tissue", found, "notice")
        return inside

    def _with_position(self, where: Positions, inside: np.ndarray) -> np.ndarray:
        n_without = int((inside & ~where.known).sum())
        if n_without and (inside & where.known).any():
            found = f"{counted(n_without, 'spot has', 'spots have')} no position and {'is' if n_without == 1 else 'are'} left out."
            self._checks.say("Positions", found, "notice")
            return inside & where.known
        return inside

    def _section_column(self, obs: Table, where: Positions, kept: np.ndarray) -> Column | None:
        """Column that separates sections, if a file has several."""
        libraries = images.libraries(self._file)
        several = len(libraries) > 1
        stacked = where.array is not None and positions.off_lattice_because(where.array[kept]).startswith("are shared")
        for name in obs.columns if several or stacked else []:
            column = sections.column(obs, name)
            if column is None or len(column.names) > columns.MAX_CLASSES:
                continue
            named = several and set(libraries) <= set(column.names)
            if named or (stacked and where.array is not None and _apart(column.codes[kept], where.array[kept])):
                return column
        if where.array is not None and not stacked:
            return None
        return self._by_coordinates(obs, where, kept)

    def _by_coordinates(self, obs: Table, where: Positions, kept: np.ndarray) -> Column | None:
        """Column whose classes lie over one another, or far from one another."""
        places = where.array if where.coords is None else where.coords
        if places is None:
            return None
        region = sections.of_spatialdata(self._file, obs)
        named = [*sections.candidates(obs), sections.column(obs, region) if region else None]
        found = [column for column in [*named, sections.by_planes(where.planes)] if column is not None]
        for tells in (sections.laid_over, sections.far_apart):
            for column in found:
                # Fields of view are parts of one section, wherever they lie, unless they lie on one another.
                is_part = tells is sections.far_apart and column.is_part
                if not is_part and tells(column.codes[kept], places[kept]):
                    return column
        marks = None if any(column.is_part for column in found) else sections.by_names(obs.index())
        if marks is None or not (
            sections.laid_over(marks.codes[kept], places[kept]) or sections.far_apart(marks.codes[kept], places[kept])
        ):
            return None
        return marks

    def _check_not_laid_over(self, where: Positions, kept: np.ndarray) -> None:
        places = where.array if where.coords is None else where.coords
        n_places = 0 if places is None else len(np.unique(places[kept] @ np.array([1, 1j])))  # faster than by rows
        if places is None or n_places > _LEAST_PLACES * kept.sum() or n_places < 2:
            return
        raise SampleFileError(
            f"has {counted(int(kept.sum()), 'spot')} at {counted(n_places, 'place')}: several sections lie over one another, it seems, "
            "and no column of `obs` tells them apart. Add one, such as `library_id`, or give a file of one section."
        )

    def placed(self, obs: Table, where: Positions, spots: np.ndarray, choices: ImportChoices) -> dict[str, Any]:
        """Bring positions into the form of a sample.

        Parameters
        ----------
        obs : Table
        where : Positions
        spots : ndarray of shape (n_rows,), bool
        choices : ImportChoices

        Returns
        -------
        dict of str to object
            Arguments of :class:`core.sample.Sample`.
        """
        array = None if where.array is None else where.array[spots]
        coords = None if where.coords is None else where.coords[spots]
        if where.instead_of:
            found = f"{shown(where.instead_of)} lays sections or fields of view on one another; {shown(where.coords_from)} is taken."
            self._checks.say("Coordinates", found, "notice")
        if where.exchanged_in and (where.array is None or positions.off_lattice_because(where.array[spots])):
            self.contradicts = True
            found = (
                f"{shown(where.exchanged_in)} are the same with x and y exchanged; {shown(where.coords_from)} is taken."
            )
            self._checks.say("Coordinates", found, "notice", "Choose turned positions if the tissue lies on its side.")
        if choices.positions == "turned" and coords is not None:
            coords = coords[:, ::-1]
        why_not = "" if array is None else positions.off_lattice_because(array)
        if array is not None and not why_not and (choices.positions != "coordinates" or coords is None):
            self._checks.say("Positions", f"Array rows and columns from {shown(where.array_from)}.")
            return self._on_lattice(array, coords, where, choices)
        if array is not None and why_not:
            self._checks.say("Array positions", f"{shown(where.array_from)} {why_not}; they are not used.", "notice")
        if coords is None:
            coords, source = array, where.array_from
        else:
            source = where.coords_from
        told = None if coords is None or where.in_um else units.told(obs, coords, spots)
        return self._placed_by(coords, source, where, choices, told)

    def _on_lattice(
        self, array: np.ndarray, coords: np.ndarray | None, where: Positions, choices: ImportChoices
    ) -> dict[str, Any]:
        verdict = "alike" if coords is None else placing.compare(array, coords)
        said = placing.in_words(verdict, "The file")
        if said is not None:
            self.contradicts = True
            self._checks.say("Positions", said[0], "notice", said[1])
        if verdict == "array exchanged" and choices.positions == "found":
            array = array[:, ::-1]
        pixels = None if where.in_um else _finite(coords)
        if coords is not None and pixels is None and not where.in_um:
            n_without = int((~np.isfinite(coords).all(axis=1)).sum())
            found = f"{counted(n_without, 'spot has', 'spots have')} no pixel position: those of all are left out, and the image."
            self._checks.say("Positions", found, "notice")
        return {"lattice": array.astype(np.int64), "coords_px": pixels}

    def _placed_by(
        self,
        coords: np.ndarray | None,
        source: str,
        where: Positions,
        choices: ImportChoices,
        told: tuple[float, str] | None,
    ) -> dict[str, Any]:
        if coords is None or not np.isfinite(coords).all():
            raise SampleFileError(
                f"`{shown(source)}` holds positions that are not finite: leave out spots without one."
            )
        scales = {} if self.library is None else images.scale_factors(self._file, self.library)
        known = 1.0 if where.in_um else images.um_per_unit(scales) or where.um_per_unit
        known = known or units.um_per_chip_spot(self._file) or (None if told is None else told[0])
        asked = choices.um_per_unit if choices.um_per_unit != ImportChoices().um_per_unit else None
        guessed = spacing.guess(coords)
        unit = known or asked or guessed.um_per_unit
        origin = "as the file says" if known else "as you say" if asked else guessed.because
        if told is not None and known == told[0]:
            origin = f"told by {shown(told[1])}"
        self._checks.say(
            "Positions",
            f"Coordinates from {shown(source)}, {unit:.4g} µm per unit, {origin}.",
            "good" if known is not None else "notice",
            "" if known is not None else _UNIT_ADVICE,
        )
        said = known is not None or asked is not None or guessed.is_known
        return {
            "coords_um": coords * unit,
            "coords_px": coords if scales and not where.in_um else None,
            "unit_known": said and not self._own_unit_unknown(),
        }

    def _own_unit_unknown(self) -> bool:
        return bool(images.lone_number(self._file.get(f"uns/{positions.OWN}/unit_unknown")))


def _apart(codes: np.ndarray, array: np.ndarray) -> bool:
    """Whether no two spots of one class share a position."""
    return bool((codes >= 0).all()) and len(np.unique(np.column_stack([codes, array]), axis=0)) == len(array)


def _finite(coords: np.ndarray | None) -> np.ndarray | None:
    return coords if coords is not None and np.isfinite(coords).all() else None
