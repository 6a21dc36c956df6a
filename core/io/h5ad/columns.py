"""Columns of `obs` and `var` by meaning: annotation, gene names and barcodes, in the spellings of many tools."""

import re

import numpy as np

from core.errors import SampleFileError
from core.io.annotations import spelled
from core.io.h5ad.positions import ARRAY_COLUMNS, COORD_COLUMNS
from core.io.h5ad.tables import Table
from core.sample import UNANNOTATED
from core.text import shown

MIN_CLASSES, MAX_CLASSES = 2, 100
"""How many classes a possible annotation has."""

_SYMBOL_COLUMNS = ("feature_name", "gene_name", "gene_names", "gene_symbol", "gene_symbols", "symbol", "symbols",
                   "gene_short_name")  # fmt: skip
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{11}(\.\d+)?")
_BARCODE = re.compile(r"[ACGT]{14,}-\d+")


def annotation_columns(obs: Table) -> dict[str, int]:
    """Find the columns that could be an annotation.

    Parameters
    ----------
    obs : Table

    Returns
    -------
    dict of str to int
        How many classes each has; columns that cannot be read are left out.
    """
    positions = {name for pair in (*ARRAY_COLUMNS, *COORD_COLUMNS) for name in pair}
    found = {}
    for name in obs.columns:
        if name.lower() in positions or name.lower() == "in_tissue" or obs.is_truth(name):
            continue
        n_classes = _n_classes(obs, name)
        if MIN_CLASSES <= n_classes <= MAX_CLASSES and n_classes < obs.n_rows:
            found[name] = n_classes
    return found


def _n_classes(obs: Table, name: str) -> int:
    try:
        found = obs.classes(name)
    except SampleFileError:
        return 0
    return 0 if found is None else found.n_used


def labels(obs: Table, column: str) -> np.ndarray:
    """Read a column as an annotation.

    Parameters
    ----------
    obs : Table
    column : str

    Returns
    -------
    ndarray of shape (n_rows,), str
        As :attr:`core.sample.Sample.labels_true`.

    Raises
    ------
    SampleFileError
        If there is no such column, or it holds measurements.
    """
    if column not in obs.columns:
        known = ", ".join(shown(name, 40) for name in annotation_columns(obs)) or "none"
        raise SampleFileError(
            f"has no column `{shown(column)}` in `obs`; columns that could be an annotation: {known}."
        )
    found = obs.classes(column)
    if found is None:
        raise SampleFileError(f"`obs/{shown(column)}` holds measurements, not classes: choose another annotation.")
    return np.array([*spelled(found.names.tolist()), UNANNOTATED])[found.codes]


def gene_names(var: Table) -> np.ndarray | None:
    """Read the symbols of genes, whether they are the index or a column beside Ensembl's identifiers.

    Parameters
    ----------
    var : Table

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        None where rows are only numbered.
    """
    index = var.index()
    if _counted(index):
        return None
    spelled = {name.lower(): name for name in var.columns}
    beside = next((spelled[name] for name in _SYMBOL_COLUMNS if name in spelled), None)
    if beside is None or not all(map(_ENSEMBL.fullmatch, index[:100].tolist())):
        return index
    symbols = var.classes(beside)
    return index if symbols is None else np.where(symbols.values == "", index, symbols.values)


def barcodes(index: np.ndarray) -> np.ndarray | None:
    """Find Space Ranger's barcodes, without prefixes and suffixes from joining sections.

    Parameters
    ----------
    index : ndarray of shape (n_rows,), str

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        The index itself where it holds other names; None where rows are only numbered.
    """
    if _counted(index):
        return None
    found = [_BARCODE.search(name) for name in index.tolist()]
    plain = [match[0] for match in found if match is not None]
    return np.array(plain) if len(plain) == len(set(plain)) == len(index) else index


def _counted(index: np.ndarray) -> bool:
    """Whether rows are only numbered, as in pandas by default."""
    return bool(np.array_equal(index, np.arange(len(index)).astype(str)))
