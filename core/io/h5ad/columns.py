"""Columns of `obs` and `var` by meaning: annotation, gene names and barcodes, in the spellings of many tools."""

import re
from collections import Counter

import numpy as np

from core.errors import SampleFileError
from core.io.annotations import spelled
from core.io.h5ad.positions import ARRAY_COLUMNS, COORD_COLUMNS
from core.io.h5ad.tables import Table
from core.sample import UNANNOTATED, UNANNOTATED_SPELLINGS
from core.text import shown

MIN_CLASSES, MAX_CLASSES = 2, 100
"""How many classes a possible annotation has."""

_SYMBOL_COLUMNS = ("feature_name", "gene_name", "gene_names", "gene_symbol", "gene_symbols", "symbol", "symbols",
                   "gene_short_name")  # fmt: skip
_ID_COLUMNS = ("gene_ids", "gene_id", "ensembl_id", "ensembl_ids", "ensembl", "feature_id", "ensg")
_ROW_NAMES = ("cell_id", "cellid", "cell_barcode", "barcode", "barcodes", "bead_barcode", "spot_id")
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
        if obs.has_more_classes(name, MAX_CLASSES + len(UNANNOTATED_SPELLINGS)):
            return 0
        found = obs.classes(name)
    except SampleFileError:
        return 0
    return 0 if found is None else found.n_used


_TRUE, _FALSE = {"true", "t", "yes", "y", "1", "1.0"}, {"false", "f", "no", "n", "0", "0.0"}


def truths(obs: Table, name: str) -> np.ndarray | None:
    """Read a column of flags, as numbers, truth values or words.

    Parameters
    ----------
    obs : Table
    name : str

    Returns
    -------
    ndarray of shape (n_rows,), float64, or None
        1 or 0, other numbers as they are, NaN where nothing is said; None where the column holds something else.
    """
    numbers = obs.numbers(name)
    found = obs.classes(name) if numbers is None else None
    if found is None:
        return numbers
    words = [str(word).strip().lower() for word in found.names.tolist()]
    if not set(words) <= _TRUE | _FALSE | UNANNOTATED_SPELLINGS:
        return None
    values = [1.0 if word in _TRUE else 0.0 if word in _FALSE else np.nan for word in words]
    return np.array([*values, np.nan])[found.codes]


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
    return found.called(spelled(found.names.tolist()), UNANNOTATED)


def gene_names(var: Table, beside: Table | None = None) -> np.ndarray | None:
    """Read the symbols of genes, whether they are the index or a column beside Ensembl's identifiers.

    Parameters
    ----------
    var : Table
    beside : Table, optional
        Other genes of the same file, whose symbols are taken where `var` has identifiers alone, as `raw` often has.

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        None where rows are only numbered.
    """
    index = var.index()
    if _counted(index):
        return None
    symbols = _symbols(var, index)
    if symbols is None and beside is not None:
        symbols = _symbols_by_id(index, beside)
    return index if symbols is None else np.where(symbols == "", index, symbols)


def _symbols_by_id(index: np.ndarray, beside: Table) -> np.ndarray | None:
    symbols = _symbols(beside, beside.index()) if _are_ids(index) else None
    if symbols is None:
        return None
    symbol_of = dict(zip(beside.index().tolist(), symbols.tolist(), strict=True))
    return np.array([symbol_of.get(gene, "") for gene in index.tolist()], dtype=str)


def _symbols(var: Table, index: np.ndarray) -> np.ndarray | None:
    """Read the column of symbols, where the index has Ensembl's identifiers."""
    spelled = {name.lower(): name for name in var.columns}
    beside = next((spelled[name] for name in _SYMBOL_COLUMNS if name in spelled), None)
    found = None if beside is None or not _are_ids(index) else var.classes(beside)
    return None if found is None else found.values


def gene_ids(var: Table, beside: Table | None = None) -> np.ndarray | None:
    """Read Ensembl's identifiers of genes, whether they are the index or a column beside the symbols.

    Parameters
    ----------
    var : Table
    beside : Table, optional
        As for :func:`gene_names`.

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        Empty for genes without one; None where the file has none beside its names.
    """
    index = var.index()
    if _are_ids(index):
        is_named = _symbols(var, index) is not None or (
            beside is not None and _symbols_by_id(index, beside) is not None
        )
        return index if is_named else None
    spelled = {name.lower(): name for name in var.columns}
    found = (var.classes(spelled[name]) for name in _ID_COLUMNS if name in spelled)
    return next((ids.values for ids in found if ids is not None and _are_ids(ids.values[ids.values != ""])), None)


def _are_ids(names: np.ndarray) -> bool:
    return bool(len(names)) and all(map(_ENSEMBL.fullmatch, names[:100].tolist()))


def row_names(obs: Table) -> np.ndarray:
    """Find the names of rows: the index, or a column of names where that only numbers them, as readers of Xenium leave it.

    Parameters
    ----------
    obs : Table

    Returns
    -------
    ndarray of shape (n_rows,), str
    """
    index = obs.index()
    if not _counted(index):
        return index
    columns = (name for known in _ROW_NAMES for name in obs.columns if name.lower() == known)
    return next((names for name in columns if (names := _names_in(obs, name)) is not None), index)


def _names_in(obs: Table, column: str) -> np.ndarray | None:
    """Read a column that names each row once; None where it does not, or is damaged, which need not stop anybody."""
    try:
        names = obs.text(column)
    except SampleFileError:
        return None
    return names if len(np.unique(names)) == len(names) and names.all() else None


def barcodes(index: np.ndarray) -> np.ndarray | None:
    """Find Space Ranger's barcodes, without prefixes and suffixes from joining sections.

    Parameters
    ----------
    index : ndarray of shape (n_rows,), str
        From :func:`row_names`.

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        The index itself where it holds other names; None where rows are only numbered. A name that stands again gets a number
        behind it, as anndata makes names unique.
    """
    if _counted(index):
        return None
    found = [_BARCODE.search(name) for name in index.tolist()]
    plain = [match[0] for match in found if match is not None]
    return np.array(plain) if len(plain) == len(set(plain)) == len(index) else _each_once(index)


def _each_once(names: np.ndarray) -> np.ndarray:
    taken, times = set(names.tolist()), Counter[str]()
    if len(taken) == len(names):
        return names
    found: list[str] = []
    for name in names.tolist():
        once = name
        while times[name] and once in taken:
            once, times[name] = f"{name}-{times[name]}", times[name] + 1
        times[name] = times[name] or 1
        taken.add(once)
        found.append(once)
    return np.array(found)


def _counted(index: np.ndarray) -> bool:
    """Whether rows are only numbered, as in pandas by default."""
    return bool(np.array_equal(index, np.arange(len(index)).astype(str)))
