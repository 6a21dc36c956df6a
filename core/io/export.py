"""Exporting labels: files that other programs read, and names of clusters in them."""

import csv
import io
import os
from collections.abc import Iterable, Mapping

import numpy as np

from core.errors import ParameterError, SampleError
from core.io import lab
from core.result import Result
from core.sample import Sample

MAX_NAME = 80
"""Longest name of a cluster."""


def renamed(labels: np.ndarray, names: Mapping[int, str] | None = None) -> np.ndarray:
    """Give clusters names; clusters with equal names are merged.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    names : mapping of int to str, optional
        New names by cluster. The others keep their numbers.

    Returns
    -------
    ndarray of shape (n_spots,), str

    Raises
    ------
    ParameterError
        If there is no such cluster, or a name is empty, too long or holds control characters.

    Examples
    --------
    >>> renamed(np.array([0, 1, 2]), {1: "WM", 2: "WM"}).tolist()
    ['0', 'WM', 'WM']
    """
    known = np.unique(labels).tolist()
    names = names or {}
    for cluster, name in names.items():
        if cluster not in known:
            raise ParameterError(f"There is no cluster {cluster} to rename: there are {', '.join(map(str, known))}.")
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise ParameterError(
                f"The name of cluster {cluster} must be 1 to {MAX_NAME} characters that can be printed."
            )
    by_index = np.array([names.get(cluster, str(cluster)) for cluster in known])
    text: np.ndarray = by_index[np.searchsorted(known, labels)]
    return text


def labels_csv(sample: Sample, result: Result, names: Mapping[int, str] | None = None) -> str:
    """Write each spot's cluster as CSV.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.
    names : mapping of int to str, optional
        Names of domains, as for :func:`renamed`.

    Returns
    -------
    str
        Columns `spot` (barcode, or row number from 0 where the sample has no barcodes), `cluster`, with names `domain`, and,
        where it is known, `confidence` (from 0 to 1); rows in the order of the sample's file.
    """
    columns = {"spot": spot_names(sample), "cluster": renamed(result.labels).tolist()}
    if names:
        columns["domain"] = renamed(result.labels, names).tolist()
    if result.confidence is not None:
        columns["confidence"] = [f"{share:.4g}" for share in result.confidence.tolist()]
    return _table(tuple(columns), zip(*columns.values(), strict=True))


def loupe_csv(sample: Sample, labels: np.ndarray, name: str) -> str:
    """Write each spot's cluster as Loupe Browser imports it.

    Parameters
    ----------
    sample : Sample
    labels : ndarray of shape (n_spots,)
        Of any type; see :func:`renamed`.
    name : str
        Name of the category in Loupe.

    Returns
    -------
    str
        Columns `Barcode` and `name`.

    Raises
    ------
    SampleError
        If the sample has no barcodes, by which Loupe finds its spots.
    """
    if sample.barcodes is None:
        raise SampleError(
            f"{sample.name} has no barcodes, by which Loupe Browser finds spots: import the section again from Space Ranger's "
            "output or an h5ad, which have them."
        )
    return _table(("Barcode", name), zip(spot_names(sample), map(str, labels.tolist()), strict=True))


def write_lab_h5(
    sample: Sample, result: Result, path: str | os.PathLike[str], names: Mapping[int, str] | None = None
) -> None:
    """Write a sample in the lab's format, with a further entry `labels`.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.
    path : path-like
        Replaced if it exists.
    names : mapping of int to str, optional
        New names of clusters, as for :func:`renamed`; `labels` is then text, as bytes, else whole numbers.

    Raises
    ------
    SampleFileError
        If the file cannot be written.
    ParameterError
        As :func:`renamed`.
    """
    lab.write(sample, path, labels=renamed(result.labels, names) if names else result.labels)


def spots_csv(sample: Sample, spots: list[int]) -> str:
    """Write the names of some spots as CSV.

    Parameters
    ----------
    sample : Sample
    spots : list of int
        Their indices.

    Returns
    -------
    str
        Columns `spot` (as in :func:`labels_csv`), `array_row` and `array_col` or, off the lattice, `x_um` and `y_um`, and
        `layer` where the sample is annotated.
    """
    text, names = io.StringIO(), spot_names(sample)
    writer = csv.writer(text, lineterminator="\n")
    annotated = sample.labels_true is not None
    columns, indices = spot_positions(sample)
    writer.writerow(("spot", *columns, *["layer"] * annotated))
    for spot in spots:
        layer = [] if sample.labels_true is None else [sample.labels_true[spot]]
        writer.writerow((names[spot], *indices[spot].tolist(), *layer))
    return text.getvalue()


def spot_positions(sample: Sample) -> tuple[tuple[str, str], np.ndarray]:
    """Give the positions of spots as tables list them.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    columns : (str, str)
        `array_row` and `array_col`, or off the lattice `x_um` and `y_um`.
    positions : ndarray of shape (n_spots, 2)
        Whole numbers, or micrometres to the nearest thousandth.
    """
    if sample.lattice is not None:
        return ("array_row", "array_col"), sample.lattice
    return ("x_um", "y_um"), np.round(sample.tissue_um, 3)


def spot_names(sample: Sample) -> list[str]:
    """Name each spot: its barcode, or its row number from 0.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    list of str
    """
    names = range(sample.n_spots) if sample.barcodes is None else sample.barcodes
    return [str(name) for name in names]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
