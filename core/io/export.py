"""Exporting labels: files that other programs read, and names of clusters in them."""

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.csv_text import csv_text
from core.errors import ParameterError, SampleError
from core.io import lab
from core.result import Result
from core.sample import Sample

if TYPE_CHECKING:
    from core.method.tree import DomainTree

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
        shares = result.confidence.tolist()
        as_text = {share: f"{share:.4g}" for share in set(shares)}  # few: they are shares of the fits
        columns["confidence"] = [as_text[share] for share in shares]
    return csv_text(tuple(columns), zip(*columns.values(), strict=True))


def tree_csv(sample: Sample, tree: "DomainTree") -> str:
    """Write every cut of a tree of domains as CSV.

    Parameters
    ----------
    sample : Sample
    tree : DomainTree
        Through a run on that sample.

    Returns
    -------
    str
        Columns `spot` (as in :func:`labels_csv`) and, for each number of domains from 2, `domains_2` and so on, with the number
        of the domain.
    """
    columns = {"spot": spot_names(sample)}
    for n_domains in range(2, tree.n_leaves + 1):
        columns[f"domains_{n_domains}"] = [str(number) for number in tree.cut(n_domains).tolist()]
    return csv_text(tuple(columns), zip(*columns.values(), strict=True))


def tree_json(tree: "DomainTree") -> str:
    """Write the joins of a tree of domains as JSON.

    Parameters
    ----------
    tree : DomainTree

    Returns
    -------
    str
        An object with `n_clusters`, with `n_leaves`, and with `joins` from the leaves to a single domain: `kept`, `gone` and
        `apart`.
    """
    joins = [dataclasses.asdict(join) for join in tree.joins]
    return json.dumps({"n_clusters": tree.n_clusters, "n_leaves": tree.n_leaves, "joins": joins}) + "\n"


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
    return csv_text(("Barcode", name), zip(spot_names(sample), map(str, labels.tolist()), strict=True))


def xenium_csv(sample: Sample, labels: np.ndarray) -> str:
    """Write each cell's group as Xenium Explorer imports it.

    Parameters
    ----------
    sample : Sample
    labels : ndarray of shape (n_spots,)
        Of any type; see :func:`renamed`.

    Returns
    -------
    str
        Columns `cell_id` and `group`.

    Raises
    ------
    SampleError
        If the sample has no names of cells, by which Xenium Explorer finds them.
    """
    if sample.barcodes is None:
        raise SampleError(
            f"{sample.name} has no names of cells, by which Xenium Explorer finds them: import it again from Xenium's output."
        )
    return csv_text(("cell_id", "group"), zip(spot_names(sample), map(str, labels.tolist()), strict=True))


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
        Columns `spot` (as in :func:`labels_csv`), `array_row` and `array_col` or, off the lattice, `x_um` and `y_um`, or
        `x` and `y` where nobody said how long the unit of the file is, and `layer` where the sample is annotated.
    """
    names = spot_names(sample)
    columns, indices = spot_positions(sample)
    layers = np.empty((sample.n_spots, 0), dtype=str) if sample.labels_true is None else sample.labels_true[:, None]
    rows = ((names[spot], *indices[spot].tolist(), *layers[spot].tolist()) for spot in spots)
    return csv_text(("spot", *columns, *["layer"] * layers.shape[1]), rows)


def spot_positions(sample: Sample) -> tuple[tuple[str, str], np.ndarray]:
    """Give the positions of spots as tables list them.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    columns : (str, str)
        `array_row` and `array_col`, or off the lattice `x_um` and `y_um`; `x` and `y` where the unit of the file is not known.
    positions : ndarray of shape (n_spots, 2)
        Whole numbers, or lengths to the nearest thousandth.
    """
    if sample.lattice is not None:
        return ("array_row", "array_col"), sample.lattice
    return ("x_um", "y_um") if sample.unit_known else ("x", "y"), np.round(sample.tissue_um, 3)


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
