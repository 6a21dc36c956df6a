"""Wilcoxon's rank sums of genes between groups of spots, by scanpy, a block of genes at a time.

Expression stays as it is stored, whatever its size: only the genes of one block are dense. The test looks at one gene at a time, so
blocks change nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from core.sample import Expression

_N_BLOCKS = 20  # at least so many, so that small samples report progress too
_VALUES_IN_BLOCK = 10_000_000

_FIELDS = {"scores": "scores", "log2_fold_changes": "logfoldchanges", "p_adjusted": "pvals"}


def ranked_rows(table: Mapping[str, np.ndarray]) -> Iterator[tuple[object, ...]]:
    """Write the genes of a table as rows of CSV.

    Parameters
    ----------
    table : mapping of str to ndarray of shape (n_genes,)
        By column, the first gene first.

    Yields
    ------
    tuple
        The rank from 1, and what each column has, numbers to six digits.
    """
    columns = [_six_digits(column) for column in table.values()]
    yield from ((rank, *row) for rank, row in enumerate(zip(*columns, strict=True), start=1))


def _six_digits(column: np.ndarray) -> list[object]:
    return [f"{value:.6g}" for value in column] if column.dtype.kind == "f" else column.tolist()


def blocks(expression: Expression, *, logged: bool = False) -> Iterator[tuple[slice, np.ndarray]]:
    """Normalise a few genes at a time.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts.
    logged : bool
        Whether these are logarithms already; then they stay as they are.

    Yields
    ------
    columns : slice
        Which genes.
    block : ndarray of shape (n_spots, n_columns), float64
        ln(1 + count), with each spot's counts scaled to the median total of all spots.
    """
    n_spots, n_genes = expression.shape
    sizes = _library_sizes(expression)
    columns = expression if isinstance(expression, np.ndarray) else sparse.csc_array(expression)
    width = max(1, min(math.ceil(n_genes / _N_BLOCKS), _VALUES_IN_BLOCK // n_spots))
    for first in range(0, n_genes, width):
        some = slice(first, min(first + width, n_genes))
        block = columns[:, some]
        dense = block if isinstance(block, np.ndarray) else block.toarray()
        yield some, dense.astype(np.float64) if logged else np.log1p(dense / sizes[:, None])


def _library_sizes(expression: Expression) -> np.ndarray:
    """Total of each spot relative to the median; counts are divided by it as in scanpy, so that the same values tie."""
    totals = np.asarray(expression.sum(axis=1), dtype=float).ravel()
    counted = totals > 0
    return np.where(counted, totals / np.median(totals[counted]), 1.0)


def names_of(gene_names: np.ndarray | None, n_genes: int) -> np.ndarray:
    """Name genes: by their names, or else by their columns.

    Parameters
    ----------
    gene_names : ndarray of shape (n_genes,), str, or None
    n_genes : int

    Returns
    -------
    ndarray of shape (n_genes,), str
        `Gene 0`, `Gene 1`, ... where they are not given.
    """
    names = [f"Gene {column}" for column in range(n_genes)] if gene_names is None else gene_names
    return np.asarray(names, dtype=str)


def by_scanpy(
    block: np.ndarray, labels: np.ndarray, tested: Sequence[int], *, ties: bool = False
) -> dict[str, np.ndarray]:
    """Compare groups with all other spots of the block.

    Parameters
    ----------
    block : ndarray of shape (n_spots, n_genes), float64
        As :func:`blocks` gives it.
    labels : ndarray of shape (n_spots,), int
    tested : sequence of int
        Groups, of two spots or more.
    ties : bool
        Whether the spread of rank sums is corrected for ties.

    Returns
    -------
    dict of str to ndarray of shape (n_tested, n_genes)
        `scores` (z), `log2_fold_changes`, and `p_adjusted`, which is not adjusted yet: that takes all genes.
    """
    # Both take seconds to import, and clustering alone does not need them.
    import pandas as pd
    import scanpy
    from anndata import AnnData

    spots, genes = map(str, range(block.shape[0])), map(str, range(block.shape[1]))
    obs = pd.DataFrame({"domain": pd.Categorical(labels.astype(str))}, index=pd.Index(spots))
    adata = AnnData(block, obs=obs, var=pd.DataFrame(index=pd.Index(genes)))
    groups = [str(group) for group in tested]
    # scanpy adds four columns a group to one frame; and where all spots tie, it divides 0 by 0 and then takes 0.
    with pd.option_context("mode.performance_warnings", False), np.errstate(invalid="ignore"):
        scanpy.tl.rank_genes_groups(adata, "domain", groups=groups, method="wilcoxon", tie_correct=ties)
    ranked = adata.uns["rank_genes_groups"]
    index = np.array([np.argsort(ranked["names"][group].astype(int)) for group in groups])
    found = {name: np.array([ranked[field][group] for group in groups]) for name, field in _FIELDS.items()}
    return {name: np.take_along_axis(values, index, axis=1) for name, values in found.items()}
