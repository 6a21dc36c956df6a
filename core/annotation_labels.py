"""Annotations, and numbers, of what is given as a label for each spot: predicted domains, a column of a table, painted spots."""

from collections.abc import Iterable, Mapping

import numpy as np

from core.annotation import PLAIN_COLOUR, UNASSIGNED, Annotation, Region, check_number, new_annotation
from core.errors import AnnotationError
from core.region_names import fitting_names
from core.sample import UNANNOTATED_SPELLINGS


def numbered(labels: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Give labels of spots a number each.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), str

    Returns
    -------
    names : list of str
        Labels in alphabetical order, without spellings of "not annotated".
    assigned : ndarray of shape (n_spots,), int
        Index into `names`, `UNASSIGNED` for the other spots.
    """
    plain, codes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    is_name = np.array([label.strip().lower() not in UNANNOTATED_SPELLINGS for label in plain.tolist()], dtype=bool)
    number = np.where(is_name, np.cumsum(is_name) - 1, UNASSIGNED)
    return plain[is_name].tolist(), number[codes]


def from_labels(
    labels: np.ndarray,
    *,
    name: str,
    author: str = "",
    source: str = "drawn",
    colours: Mapping[str, str] | None = None,
    order: Iterable[str] | None = None,
) -> Annotation:
    """Make an annotation of a label for each spot, such as predicted domains or a column of a table.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), str
        Spots whose label is a spelling of "not annotated" belong to no region.
    name, author, source
        As for :class:`Annotation`.
    colours : mapping of str to str, optional
        `#RRGGBB` by label; `PLAIN_COLOUR` for others.
    order : iterable of str, optional
        Labels in the order of the legend, all of them; sorted by default.

    Returns
    -------
    Annotation
        Names that are longer than `core.region_names.MAX_NAME` are cut, and numbered where they would be the same.

    Raises
    ------
    AnnotationError
        If there are more than `MAX_REGIONS` labels, or none.
    """
    sorted_labels, codes = numbered(labels)
    found = sorted_labels
    if order is not None:
        found = [label for label in dict.fromkeys(order) if label in set(sorted_labels)]
    if not found:
        raise AnnotationError(
            "No spot has a label, so there is no region: check the column, or the regions' positions."
        )
    check_number(len(found))
    names = fitting_names(found)
    chosen = colours or {}
    regions = tuple(
        Region(name, chosen.get(label, PLAIN_COLOUR).upper()) for label, name in zip(found, names, strict=True)
    )
    index = {label: number for number, label in enumerate(found)}
    by_code = np.array([*(index.get(label, UNASSIGNED) for label in sorted_labels), UNASSIGNED])  # the last for code -1
    start = new_annotation(len(codes), name=name, author=author, regions=regions, source=source)
    return start.with_assigned(by_code[codes])
