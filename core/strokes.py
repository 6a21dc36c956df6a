"""Spots that people painted with the name of a domain, which guided domains follow."""

from dataclasses import dataclass

import numpy as np

from core.annotation import UNASSIGNED, check_number
from core.annotation_labels import numbered
from core.errors import ParameterError
from core.region_names import fitting_names
from core.sample import UNANNOTATED

SOURCE = "strokes"
"""Source of an annotation that holds strokes: it is no opinion on the whole tissue, which others would be compared with."""

UNPAINTED = UNASSIGNED
"""Class of spots that nobody painted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strokes:
    """Painted spots.

    Parameters
    ----------
    names : tuple of str
        Of the domains that were painted.
    painted : ndarray of shape (n_spots,), int
        Index into `names`; `UNPAINTED` for the others.
    """

    names: tuple[str, ...]
    painted: np.ndarray

    @property
    def n_painted(self) -> int:
        """Number of painted spots."""
        return int(np.count_nonzero(self.painted >= 0))

    @property
    def sizes(self) -> dict[str, int]:
        """Number of painted spots of each domain, by name."""
        return {name: int(np.count_nonzero(self.painted == number)) for number, name in enumerate(self.names)}

    def hidden_from(self, labels_true: np.ndarray | None) -> np.ndarray | None:
        """Take the painted spots out of an annotation: scores are counted on spots that were not shown.

        Parameters
        ----------
        labels_true : ndarray of shape (n_spots,), str, or None

        Returns
        -------
        ndarray of shape (n_spots,), str, or None
            None where no annotated spot is left.
        """
        if labels_true is None:
            return None
        left = np.where(self.painted >= 0, UNANNOTATED, labels_true)
        return left if (left != UNANNOTATED).any() else None


def strokes_of(labels: np.ndarray) -> Strokes:
    """Take labels for strokes.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), str
        Spots whose label is a spelling of "not annotated" are not painted.

    Returns
    -------
    Strokes
        Names in alphabetical order; those that are longer than a region's name are cut.

    Raises
    ------
    ParameterError
        If no spot is painted.
    AnnotationError
        If there are more domains than an annotation has regions.
    """
    names, painted = numbered(labels)
    if not names:
        raise ParameterError("No spot is painted: give some spots of each domain their label.")
    check_number(len(names))
    return Strokes(names=tuple(fitting_names(names)), painted=painted)
