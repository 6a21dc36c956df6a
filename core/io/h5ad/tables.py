"""Columns of `obs` and `var` in h5ad files of all ages: plain numbers and text, nothing that runs.

Knows three layouts: a group of columns with categories beside their codes (anndata 0.8 and newer), the same with
categories in `__categories` (0.7), and one table of records with categories in `uns` (0.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from core.errors import SampleFileError
from core.io.hdf5.numbers import check_filters, whole
from core.io.hdf5.text import MAX_TEXT_BYTES, NUMPYS_SIGN, decoded, short_texts, text_attribute
from core.layer_names import without_class
from core.memory import check_fits
from core.text import counted, shown

_OLD_CATEGORIES = "__categories"


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """A column that puts rows into classes.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,), int
        Number of each row's class; -1 where it has none.
    names : ndarray of shape (n_classes,), str
    """

    codes: np.ndarray
    names: np.ndarray

    @property
    def n_used(self) -> int:
        """Number of classes that a row belongs to, the unannotated not counted."""
        used = {str(name) for name in self.names[np.unique(self.codes[self.codes >= 0])].tolist()}
        return len(used - without_class(used))

    @property
    def values(self) -> np.ndarray:
        """Name of each row's class, empty where it has none; ndarray of shape (n_rows,), str.

        A :class:`~core.errors.SampleFileError` where that would take more memory than may be taken.
        """
        return self.called(self.names.tolist(), "")

    def called(self, names: Sequence[str], other: str) -> np.ndarray:
        """Write out what each row's class is called.

        Parameters
        ----------
        names : sequence of str
            Of the classes.
        other : str
            For rows without one.

        Returns
        -------
        ndarray of shape (n_rows,), str

        Raises
        ------
        SampleFileError
            If that would take more memory than may be taken: one long name makes the text of every row as wide.
        """
        every = [*names, other]
        width = max(map(len, every))
        check_fits((len(self.codes) + len(every)) * width * NUMPYS_SIGN, f"Names of {width} signs, one for each row,")
        return np.array(every)[self.codes]


class Table:
    """`obs` or `var`.

    Parameters
    ----------
    file : h5py.File
        Opened by `core.io.hdf5.safe`.
    key : str
        `obs`, `var`, `raw/var` ...

    Raises
    ------
    SampleFileError
        If there is no such table, or it has no index.
    """

    def __init__(self, file: h5py.File, key: str) -> None:
        self.key = key
        self._item = file.get(key)
        self._uns = file.get("uns")
        is_records = isinstance(self._item, h5py.Dataset) and self._item.dtype.names is not None
        if not is_records and not isinstance(self._item, h5py.Group):
            raise SampleFileError(f"has no table `{key}`: save the file again with anndata's `write_h5ad`.")
        self._index = self._index_name()
        self._names: np.ndarray | None = None
        self.n_rows = len(self._item) if is_records else _length(self._item[self._index])

    def _index_name(self) -> str:
        item = self._item
        if isinstance(item, h5py.Dataset):
            return "index" if "index" in item.dtype.names else str(item.dtype.names[0])
        for name in (*text_attribute(item, "_index"), "_index", "index"):
            if name in item:
                return name
        raise SampleFileError(f"has no index in `{self.key}`: save the file again with anndata's `write_h5ad`.")

    @property
    def columns(self) -> list[str]:
        """Names of the columns, without the index."""
        names = self._item.dtype.names if isinstance(self._item, h5py.Dataset) else list(self._item)
        return [name for name in names if name not in (self._index, _OLD_CATEGORIES)]

    def is_truth(self, name: str) -> bool:
        """Whether a column holds truth values.

        Parameters
        ----------
        name : str
        """
        if isinstance(self._item, h5py.Dataset):
            return bool(self._item.dtype[name].kind == "b")
        item = self._item[name]
        stored = item.get("values") if isinstance(item, h5py.Group) else item
        return isinstance(stored, h5py.Dataset) and stored.dtype.kind == "b"

    def index(self) -> np.ndarray:
        """Names of the rows; ndarray of shape (n_rows,), str."""
        if self._names is None:
            self._names = self.text(self._index)
        return self._names

    def text(self, name: str) -> np.ndarray:
        """Read a column as text.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray of shape (n_rows,), str
            Whole numbers written out; empty where nothing is said.

        Raises
        ------
        SampleFileError
            If the column holds neither text nor whole numbers.
        """
        found = self.classes(name)
        if found is None:
            raise SampleFileError(f"`{self.key}/{shown(name)}` holds neither text nor whole numbers.")
        return found.values

    def classes(self, name: str) -> Classes | None:
        """Read a column of categories, text or whole numbers.

        Parameters
        ----------
        name : str

        Returns
        -------
        Classes or None
            None for a column of other numbers.

        Raises
        ------
        SampleFileError
            If the column is damaged.
        """
        if isinstance(self._item, h5py.Dataset):
            return self._classes_of_record(self._item, name)
        item = self._item[name]
        if isinstance(item, h5py.Dataset):
            names = self._old_categories(name)
            return self._coded(name, item, names) if names is not None else self._uncoded(name, _values(item))
        if {"codes", "categories"} <= set(item):
            return self._coded(name, item["codes"], item["categories"])
        return self._uncoded(name, _values(item)) if "values" in item else None

    def has_more_classes(self, name: str, most: int) -> bool:
        """Whether a column of categories has rows of more classes than so many: known by codes, before any name is read.

        Parameters
        ----------
        name : str
        most : int
        """
        item = self._item
        column = None if isinstance(item, h5py.Dataset) else item[name]
        if isinstance(column, h5py.Group):
            column = column.get("codes")
        elif self._old_categories(name) is None:
            return False
        if not isinstance(column, h5py.Dataset) or column.dtype.kind not in "iu":
            return False
        codes = _values(column)
        return len(np.unique(codes[codes >= 0])) > most

    def numbers(self, name: str) -> np.ndarray | None:
        """Read a column of numbers.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray of shape (n_rows,), float64, or None
            NaN where nothing is said; None for a column without numbers.

        Raises
        ------
        SampleFileError
            If the column is damaged.
        """
        found = self._plain_numbers(name)
        if found is None:
            return self._written_numbers(name)
        self._check_length(name, found)
        return found

    def _plain_numbers(self, name: str) -> np.ndarray | None:
        item, hidden = self._item, None
        if isinstance(item, h5py.Dataset):
            is_number = item.dtype[name].kind in "iufb" and self._old_categories(name) is None
            return whole(item, float, name) if is_number else None
        column = item[name]
        if isinstance(column, h5py.Group) and {"values", "mask"} <= set(column):
            column, hidden = column["values"], column["mask"]
        is_number = isinstance(column, h5py.Dataset) and column.dtype.kind in "iufb"
        if not is_number or self._old_categories(name) is not None:
            return None
        values = np.asarray(_values(column), dtype=float)
        return values if hidden is None else np.where(_values(hidden), np.nan, values)

    def _written_numbers(self, name: str) -> np.ndarray | None:
        """Numbers that were stored as text or categories."""
        found = self.classes(name)
        try:
            return None if found is None else np.append(found.names.astype(float), np.nan)[found.codes]
        except ValueError:
            return None

    def _old_categories(self, name: str) -> h5py.Dataset | None:
        if isinstance(self._item, h5py.Dataset):
            found = self._uns.get(f"{name}_categories") if isinstance(self._uns, h5py.Group) else None
        else:
            beside = self._item.get(_OLD_CATEGORIES)
            found = beside.get(name) if isinstance(beside, h5py.Group) else None
        return found if isinstance(found, h5py.Dataset) and found.ndim == 1 else None

    def _classes_of_record(self, item: h5py.Dataset, name: str) -> Classes | None:
        if item.dtype[name].hasobject:
            texts = short_texts(item, f"{self.key}/{shown(name)}", name)
            return self._uncoded(name, np.array(texts, dtype=str))
        values, names = self._record(item, name), self._old_categories(name)
        return self._uncoded(name, values) if names is None else self._coded(name, values, names)

    def _record(self, item: h5py.Dataset, name: str) -> np.ndarray:
        """Values of a field; texts, which become as wide as the longest, no longer than names are."""
        if item.dtype[name].kind == "S" and item.dtype[name].itemsize > MAX_TEXT_BYTES:
            raise SampleFileError(
                f"`{self.key}/{shown(name)}` holds text of more than {MAX_TEXT_BYTES} bytes, where names belong."
            )
        return whole(item, field=name)

    def _coded(self, name: str, stored: h5py.Dataset | np.ndarray, categories: h5py.Dataset) -> Classes:
        names = _as_text(_values(categories))
        codes = np.asarray(stored if isinstance(stored, np.ndarray) else _values(stored))
        self._check_length(name, codes)
        if names is None or codes.dtype.kind not in "iu" or codes.max(initial=-1) >= len(names):
            raise SampleFileError(f"`{self.key}/{shown(name)}` has codes that no category belongs to: save it again.")
        return Classes(codes=np.maximum(codes.astype(np.int64), -1), names=names)

    def _uncoded(self, name: str, values: np.ndarray) -> Classes | None:
        self._check_length(name, values)
        as_text = _as_text(values)
        if as_text is None:
            return None
        # As Python's texts, which are no longer than they are; numpy sorts copies as wide as the longest.
        texts: list[str] = as_text.tolist()
        names = sorted(set(texts))
        numbers = dict(zip(names, range(len(names)), strict=True))
        return Classes(
            codes=np.array([numbers[text] for text in texts], dtype=np.int64), names=np.array(names, dtype=str)
        )

    def _check_length(self, name: str, values: np.ndarray) -> None:
        if values.shape != (self.n_rows,):
            raise SampleFileError(
                f"`{self.key}/{shown(name)}` has the shape {values.shape}, but `{self.key}` has {counted(self.n_rows, 'row')}: save the "
                "file again."
            )


def _length(item: h5py.Dataset | h5py.Group) -> int:
    """Rows of a column, whichever way it is stored."""
    for key in ("codes", "values"):
        if isinstance(item, h5py.Group) and key in item:
            return _length(item[key])
    if not isinstance(item, h5py.Dataset) or item.ndim != 1:
        raise SampleFileError(f"`{shown(item.name).lstrip('/')}` is not a column: save the file again.")
    return len(item)


def _values(dataset: h5py.Dataset | h5py.Group) -> np.ndarray:
    """Read numbers or text from a dataset, or from a group that marks what is missing (anndata's nullable arrays)."""
    if isinstance(dataset, h5py.Group) and "values" in dataset:
        return _known_text(_values(dataset["values"]), dataset.get("mask"))
    key = shown(dataset.name).lstrip("/")
    if not isinstance(dataset, h5py.Dataset) or dataset.ndim != 1:
        raise SampleFileError(f"`{key}` is not a column: save the file again.")
    check_filters(dataset, key)
    if not h5py.check_string_dtype(dataset.dtype):
        return whole(dataset)
    return np.array(short_texts(dataset, key), dtype=str)


def _known_text(values: np.ndarray, mask: h5py.Dataset | None) -> np.ndarray:
    """Values where text that is missing is empty, as far as a mask fits them; numbers stay as they are."""
    if values.dtype.kind != "U" or not isinstance(mask, h5py.Dataset) or mask.shape != values.shape:
        return values
    return np.where(whole(mask).astype(bool), "", values)


def _as_text(values: np.ndarray) -> np.ndarray | None:
    if values.dtype.kind == "S":
        return np.array([decoded(bytes(value)) for value in values], dtype=str)
    return values.astype(str) if values.dtype.kind in "iuUb" else _whole_as_text(values)


def _whole_as_text(values: np.ndarray) -> np.ndarray | None:
    """Whole numbers that were stored as floats, as they are where some rows had none."""
    if values.dtype.kind != "f":
        return None
    known = np.isfinite(values)
    if not known.any() or (values[known] != np.rint(values[known])).any() or np.abs(values[known]).max() >= 2**53:
        return None
    return np.where(known, np.where(known, values, 0).astype(np.int64).astype(str), "")
