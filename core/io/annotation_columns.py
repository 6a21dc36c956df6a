"""Annotations as columns of tables: names that the table can have, and the regions that occur."""

from collections.abc import Collection, Sequence

import numpy as np

from core.annotation import Annotation
from core.people import called


def column_names(annotations: Sequence[Annotation], taken: Collection[str]) -> list[str]:
    """Name the column of a table for each annotation.

    Parameters
    ----------
    annotations : sequence of Annotation
    taken : collection of str
        Columns that the table has.

    Returns
    -------
    list of str
        The name of the annotation, with its author where several share it; without `/`, which h5ad files cannot have in names.
    """
    names = [annotation.name for annotation in annotations]
    plain = [
        f"{item.name} ({called(item.author)})" if names.count(item.name) > 1 and item.author else item.name
        for item in annotations
    ]
    found: list[str] = []
    for name in plain:
        candidate, number = name.replace("/", "-"), 1
        while candidate in (*taken, *found):
            number += 1
            candidate = f"{name.replace('/', '-')} ({number})"
        found.append(candidate)
    return found


def in_use(annotation: Annotation) -> tuple[np.ndarray, list[str], list[str]]:
    """Leave out regions without spots, for files whose colours go by the classes that occur.

    Parameters
    ----------
    annotation : Annotation

    Returns
    -------
    labels : ndarray of shape (n_spots,), str
    names, colours : list of str
        Of the regions with spots, in the order of the legend.
    """
    regions = [region for region, size in zip(annotation.regions, annotation.sizes, strict=True) if size]
    return annotation.labels_true(), [region.name for region in regions], [region.colour for region in regions]
