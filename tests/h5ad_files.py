"""Real h5ad files, written by anndata itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from core.sample import Sample
from tests.small_tissue import small_sample


def text(values: Any) -> np.ndarray:
    """As objects, which pandas before 3 made of all text."""
    return np.array([str(value) for value in values], dtype=object)


def categories(values: Any) -> pd.Categorical:
    """Classes whose names are objects."""
    names, codes = np.unique(np.array(values, dtype=str), return_inverse=True)
    return pd.Categorical.from_codes(codes, categories=pd.Index(text(names), dtype=object))


def tissue() -> Sample:
    """A small annotated section."""
    return small_sample("small")


def visium_adata(sample: Sample, form: str = "csr") -> anndata.AnnData:
    """A section as Visium pipelines keep it."""
    lattice, counts = sample.lattice, np.asarray(sample.expression, dtype=np.float32)
    forms: dict[str, Callable[[np.ndarray], Any]] = {
        "csr": sparse.csr_matrix,
        "csc": sparse.csc_matrix,
        "dense": np.asarray,
    }
    matrix = forms[form](counts)
    obs = pd.DataFrame({"array_row": lattice[:, 0], "array_col": lattice[:, 1]}, index=spot_index(sample))
    obs["ground_truth"] = categories(sample.labels_true)
    var = pd.DataFrame(index=pd.Index(text(f"Gene{number}" for number in range(sample.n_genes)), dtype=object))
    adata = anndata.AnnData(X=matrix, obs=obs, var=var)
    adata.obsm["spatial"] = pixels(sample)
    return adata


def spot_index(sample: Sample) -> pd.Index:
    """Barcodes of sixteen bases."""
    bases = np.array(list("ACGT"))
    digits = np.arange(sample.n_spots)[:, None] // 4 ** np.arange(8) % 4
    return pd.Index(text("AAAAAAAA" + "".join(bases[row]) + "-1" for row in digits), dtype=object)


def pixels(sample: Sample) -> np.ndarray:
    """x and y in a picture of 2 pixels a micrometre, as `obsm["spatial"]` has them."""
    return np.column_stack([sample.lattice[:, 1] * 100.0, sample.lattice[:, 0] * 100 * np.sqrt(3)]) + 500


def saved(adata: anndata.AnnData, folder: Path, **options: Any) -> Path:
    """Write a file, as anndata does."""
    path = folder / "a.h5ad"
    for table in (adata.obs, adata.var) if adata.raw is None else (adata.obs, adata.var, adata.raw.var):
        _with_objects(table)
    adata.write_h5ad(path, **options)
    return path


def _with_objects(table: pd.DataFrame) -> None:
    """anndata 0.12 writes text of objects, as pandas before 3 made of all text, and no other."""
    table.index = table.index.astype(object)
    for name in table.columns:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            table[name] = table[name].cat.rename_categories(pd.Index(table[name].cat.categories, dtype=object))
        elif isinstance(table[name].dtype, pd.StringDtype):
            table[name] = table[name].astype(object)
