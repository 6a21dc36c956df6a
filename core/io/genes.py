"""Choosing which genes are kept, from counts alone and never from an annotation.

Counts are processed in blocks, so that those of a large file are never all in memory.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.errors import SampleError
from core.io.incoming import Check, ImportChoices
from core.text import counted

MIN_SHARE = 0.1
"""The lab's rule: a gene is kept if at least this share of spots has a count of it."""

PANEL_GENES = 1500
"""With fewer genes than this a matrix is a targeted panel."""

MAX_GENES = 10_000_000
"""A sparse matrix can declare columns that take no room in the file."""

_DATE = re.compile(
    r"\d{1,2}[-./ ]+(mar|märz|mrz|sept?|dec|dez|oct|okt|nov|feb|apr)\.?|(mar|mrz|sept?|dec|dez|oct|okt|nov|feb|apr)[-./ ]+\d{1,2}|"
    r"\d{4}-\d\d-\d\d",
    re.IGNORECASE,
)

Blocks = Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]]
"""Called for each pass over the counts; yields gene numbers, and as many counts above 0."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GeneTotals:
    """Totals of each gene from one pass over the counts.

    Parameters
    ----------
    n_spots : int
    n_spots_with : ndarray of shape (n_genes,), int
        Spots that have a count of the gene.
    sums, squares : ndarray of shape (n_genes,), float64
        Sums of the counts and of their squares.
    """

    n_spots: int
    n_spots_with: np.ndarray
    sums: np.ndarray
    squares: np.ndarray


def totals(blocks: Blocks, n_spots: int, n_genes: int) -> GeneTotals:
    """Compute totals of the genes in one pass over the counts.

    Parameters
    ----------
    blocks : callable
        See :data:`Blocks`.
    n_spots, n_genes : int

    Returns
    -------
    GeneTotals
    """
    n_spots_with, sums, squares = np.zeros(n_genes, dtype=np.int64), np.zeros(n_genes), np.zeros(n_genes)
    for gene_of_value, values in blocks():
        exact = values.astype(np.float64)
        n_spots_with += np.bincount(gene_of_value, minlength=n_genes)
        sums += np.bincount(gene_of_value, exact, n_genes)
        squares += np.bincount(gene_of_value, exact**2, n_genes)
    return GeneTotals(n_spots=n_spots, n_spots_with=n_spots_with, sums=sums, squares=squares)


def date_check(names: np.ndarray) -> Check | None:
    """Say which names of genes a spreadsheet took for dates.

    Parameters
    ----------
    names : ndarray of shape (n_genes,), str

    Returns
    -------
    Check or None
        None where there are none.
    """
    dates = [name for name in names.tolist() if _DATE.fullmatch(name)]
    if not dates:
        return None
    found = f"{counted(len(dates), 'gene')} {'is' if len(dates) == 1 else 'are'} called as dates, such as {dates[0]}."
    advice = "A spreadsheet made them of names such as MARCH1 and SEPT2: take the first table if these genes matter."
    return Check(what="Names of genes", found=found, status="notice", advice=advice)


def chosen(counts: sparse.csr_array, choices: ImportChoices, *, cells: bool = False) -> np.ndarray:
    """Choose genes as an import asks for.

    Parameters
    ----------
    counts : csr_array of shape (n_spots, n_genes)
        Raw counts without stored zeros. Not modified.
    choices : ImportChoices
        `genes` and `n_genes` count.
    cells : bool
        Whether spots are cells, of which each shows few genes.

    Returns
    -------
    ndarray of shape (n_chosen,), int
        Column numbers, rising.

    Raises
    ------
    SampleError
        If no gene is left.
    """
    n_spots, n_genes = counts.shape
    if _rule(choices, n_genes, cells) == "present":  # this rule needs no sums, which take as long as reading
        return _present(np.bincount(counts.indices, minlength=n_genes), n_spots)
    return chosen_in_blocks(_one_block(counts), totals(_one_block(counts), n_spots, n_genes), choices, cells=cells)


def _rule(choices: ImportChoices, n_genes: int, cells: bool) -> str:
    """Say which rule is meant: the lab's would leave out most of a targeted panel, whose genes were chosen before."""
    if choices.genes != "usual":
        return choices.genes
    return "all" if cells or n_genes < PANEL_GENES else "present"


def chosen_in_blocks(
    blocks: Blocks, of_genes: GeneTotals, choices: ImportChoices, *, cells: bool = False
) -> np.ndarray:
    """Choose genes of counts that are not in memory.

    Parameters
    ----------
    blocks : callable
        See :data:`Blocks`; called where the totals do not suffice.
    of_genes : GeneTotals
        From a first pass.
    choices : ImportChoices
    cells : bool
        As for :func:`chosen`.

    Returns
    -------
    ndarray of shape (n_chosen,), int
        Column numbers, rising; the same as of :func:`chosen`.

    Raises
    ------
    SampleError
        If no gene is left.
    """
    n_genes = len(of_genes.sums)
    rule = _rule(choices, n_genes, cells)
    if rule == "all":
        return np.arange(n_genes)
    if rule == "variable":
        return _top(_standardised_variance(blocks, of_genes), choices.n_genes)
    return _present(of_genes.n_spots_with, of_genes.n_spots)


def _present(n_spots_with: np.ndarray, n_spots: int) -> np.ndarray:
    kept = np.flatnonzero(n_spots_with >= MIN_SHARE * n_spots)
    if not len(kept):
        raise SampleError(
            f"None of the {len(n_spots_with)} genes has counts in at least {MIN_SHARE:.0%} of the {n_spots} spots: keep "
            "the most variable genes, or all."
        )
    return kept


def most_variable(counts: sparse.csr_array, n_top: int) -> np.ndarray:
    """Choose the genes that vary more than genes of their abundance do.

    Each gene's counts are standardised with the standard deviation that the trend over all genes expects at its
    mean, clipped at sqrt(n_spots), and the genes with the largest variance of these values are kept.

    Parameters
    ----------
    counts : csr_array of shape (n_spots, n_genes)
        Raw counts. Not modified.
    n_top : int
        How many genes to keep; all are kept if there are fewer.

    Returns
    -------
    ndarray of shape (min(n_top, n_genes),), int
        Column numbers, rising.

    Notes
    -----
    The rule is `vst` of Seurat 3 (Stuart et al. 2019, doi 10.1016/j.cell.2019.05.031), which scanpy calls
    `seurat_v3`, with a quadratic instead of the local regression: it needs no further package and is the same on
    every machine. Ties keep the order of the genes. The plain variance would follow abundance, and leave out most
    published layer markers.
    """
    blocks = _one_block(counts)
    return _top(_standardised_variance(blocks, totals(blocks, *counts.shape)), n_top)


def _one_block(counts: sparse.csr_array) -> Blocks:
    return lambda: [(counts.indices, counts.data)]


def _top(scores: np.ndarray, n_top: int) -> np.ndarray:
    return np.sort(np.argsort(-scores, kind="stable")[:n_top])


def _standardised_variance(blocks: Blocks, of_genes: GeneTotals) -> np.ndarray:
    n_spots, n_genes = of_genes.n_spots, len(of_genes.sums)
    mean = of_genes.sums / n_spots
    expected_sd = _expected_sd(mean, _variance(of_genes))
    limit = mean + expected_sd * np.sqrt(n_spots)
    total, total_of_squares = np.zeros(n_genes), np.zeros(n_genes)
    for gene_of_value, values in blocks():
        clipped = np.minimum(values, limit[gene_of_value])
        total += np.bincount(gene_of_value, clipped, n_genes)
        total_of_squares += np.bincount(gene_of_value, clipped**2, n_genes)
    # Zeros are not stored; written out, the sum of (value - mean)^2 counts them too.
    squares = n_spots * mean**2 + total_of_squares - 2 * mean * total
    variance: np.ndarray = np.divide(
        squares, (n_spots - 1) * expected_sd**2, out=np.zeros(n_genes), where=expected_sd > 0
    )
    return variance


def _variance(of_genes: GeneTotals) -> np.ndarray:
    n_spots = of_genes.n_spots
    mean = of_genes.sums / n_spots
    return np.asarray((of_genes.squares / n_spots - mean**2) * n_spots / max(n_spots - 1, 1))


def _expected_sd(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Compute the standard deviation that the trend over all genes expects; 0 for genes that never vary."""
    varies = variance > 0
    log_mean = np.log10(mean[varies])
    trend = np.polynomial.Polynomial.fit(log_mean, np.log10(variance[varies]), deg=2)
    expected = np.zeros_like(mean)
    expected[varies] = np.sqrt(10.0 ** trend(log_mean))
    return expected
