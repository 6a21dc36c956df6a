"""Files that are known by the ends of their names and not read here, with the next step for each."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from core.text import shown

PACKED_OTHERWISE = (".bz2", ".xz", ".zst", ".lz4")
"""Endings of files that are compressed in another way than with gzip."""

_TABLES = "counts by cell or by gene, and coordinates of the same cells (`cell,x,y`)"
_STEPS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (".xlsx", ".xls", ".xlsm", ".ods"),
        f"is a workbook of Excel: save each sheet as CSV (UTF-8), and give a folder of two tables, {_TABLES}.",
    ),
    (
        (".feather", ".arrow"),
        'is a table of Feather (Arrow): write it as Parquet or CSV, in Python `pandas.read_feather("{name}").to_parquet("{stem}.parquet")`, and '
        f"give a folder of two tables, {_TABLES}.",
    ),
    (
        (".gct", ".gct.gz"),
        "is a table of GenePattern (GCT): take its first two lines and the column Description away, save it as TSV, and give it in a folder "
        "with a table of coordinates of the same cells (`cell,x,y`).",
    ),
    (
        (".npz", ".npy"),
        "holds an array of NumPy, which names neither cells nor genes: write counts, names and positions as one h5ad "
        '(`anndata.AnnData(...).write_h5ad("{stem}.h5ad")`), or as two tables (CSV).',
    ),
    (
        (".mat",),
        "is a file of MATLAB, in which nothing says what is counts and what are positions: write two tables (CSV) with `writetable`, "
        f"{_TABLES}, and give their folder.",
    ),
    (
        (".dcc", ".pkc"),
        "is of GeoMx, which counts regions that somebody drew and no spots or cells: domains cannot be found in it.",
    ),
    (
        (".cloupe",),
        "is made for 10x's Loupe Browser and read by nothing else: give the folder `outs` that Space Ranger or Xenium wrote beside it.",
    ),
    (
        PACKED_OTHERWISE,
        "is compressed in a way that is not read: unpack it, or compress it with gzip.",
    ),
    (("assays.h5",), 'is half of an object that R saved with HDF5Array: `se <- HDF5Array::loadHDF5SummarizedExperiment("FOLDER")`, then '
        '`anndataR::write_h5ad(anndataR::as_AnnData(se), "sample.h5ad")`, and give that.'),
)  # fmt: skip


def next_step(name: str) -> str | None:
    """Say what a file is and what to do, by the end of its name.

    Parameters
    ----------
    name : str

    Returns
    -------
    str or None
        The rest of a sentence that begins with the file; None of other files.

    Examples
    --------
    >>> next_step("sheet.xlsx").partition(":")[0], next_step("counts.csv")
    ('is a workbook of Excel', None)
    """
    lower = name.lower()
    said = next((said for ends, said in _STEPS if lower.endswith(ends)), None)
    if said is None:
        return None
    return said.replace("{name}", shown(name, 60)).replace("{stem}", shown(name.partition(".")[0], 60))


def is_of_hdf5array(names: Sequence[PurePosixPath]) -> bool:
    """Say whether files are those that R's HDF5Array writes.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    bool
    """
    return {"assays.h5", "se.rds"} <= {name.name for name in names}


def first_known(names: Sequence[PurePosixPath]) -> PurePosixPath | None:
    """Find the first of some files about which :func:`next_step` says something.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    PurePosixPath or None
    """
    return next((name for name in names if next_step(name.name) is not None), None)
