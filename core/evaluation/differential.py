"""Differential expression: which genes tell one group of spots from the rest of the section, or from another group.

Arrays in, arrays out. A group is any set of spots: a selection, a region, a layer, a domain.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.csv_text import csv_text
from core.errors import SampleError
from core.evaluation import rank_sums
from core.sample import Expression
from core.text import counted, sentence_case, shown

MIN_SPOTS = 2
"""A group of fewer spots is not tested: one spot has no spread."""

REST = "the rest"
"""What the other group is called where it is all other spots."""

TEST = (
    "Wilcoxon's rank sum test, two-sided and corrected for ties, on logarithms of counts normalised by each spot's total; p is "
    "adjusted over all genes (Benjamini and Hochberg)."
)
CAVEAT = (
    "Spots of one section are not replicates, and neighbours resemble each other: p ranks genes within this section, and says "
    "nothing of other sections or donors."
)

_BY_GENE = ("score", "log2_fold_change", "p_adjusted", "share", "share_against", "mean", "mean_against")
COLUMNS = ("gene", *_BY_GENE)
"""Columns of the table, as :meth:`Differential.table` gives and CSV files name them."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Spots under one name.

    Parameters
    ----------
    name : str
        For sentences, such as `Layer5`.
    spots : ndarray of shape (n_spots,), bool
        Which spots of the sample it holds.
    """

    name: str
    spots: np.ndarray

    @property
    def size(self) -> int:
        """Number of its spots."""
        return int(np.count_nonzero(self.spots))

    def rest(self) -> "Group":
        """Take all other spots."""
        return Group(REST, ~self.spots)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Differential:
    """How every gene differs between a group and what it is held against.

    Parameters
    ----------
    sizes : (int, int)
        Spots of the group, and of what it is held against.
    genes : ndarray of shape (n_genes,), str
    score : ndarray of shape (n_genes,), float
        z of the rank sum, corrected for ties: above 0 where the group has more of the gene.
    log2_fold_change : ndarray of shape (n_genes,), float
        Of the mean logarithms taken back to counts, as scanpy does; about 30 where the other side has no count at all.
    p_adjusted : ndarray of shape (n_genes,), float
        Two-sided, adjusted over all genes (Benjamini and Hochberg).
    share, share_against : ndarray of shape (n_genes,), float
        Share of the spots that have counts of the gene.
    mean, mean_against : ndarray of shape (n_genes,), float
        Mean of ln(1 + normalised count).
    """

    sizes: tuple[int, int]
    genes: np.ndarray
    score: np.ndarray
    log2_fold_change: np.ndarray
    p_adjusted: np.ndarray
    share: np.ndarray
    share_against: np.ndarray
    mean: np.ndarray
    mean_against: np.ndarray

    def ranked(self) -> np.ndarray:
        """Sort genes, the highest score first; genes of equal score keep their order.

        Returns
        -------
        ndarray of shape (n_genes,), int
            Their columns.
        """
        return np.argsort(-self.score, kind="stable")

    def table(self, n_genes: int | None = None) -> dict[str, np.ndarray]:
        """Rank the genes.

        Parameters
        ----------
        n_genes : int, optional
            How many rows; all by default.

        Returns
        -------
        dict of str to ndarray
            By the names of `COLUMNS`, the highest score first.
        """
        order = self.ranked()[:n_genes]
        return {"gene": self.genes[order]} | {name: getattr(self, name)[order] for name in _BY_GENE}


def find_differential(
    expression: Expression,
    group: Group,
    against: Group | None = None,
    gene_names: np.ndarray | None = None,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
    *,
    logged: bool = False,
) -> Differential:
    """Compare a group of spots with another, gene by gene.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Not modified.
    group : Group
    against : Group, optional
        All other spots by default.
    gene_names : ndarray of shape (n_genes,), str, optional
        `Gene 0`, `Gene 1`, ... where they are not given.
    on_progress : callable
        Called after each block with the number of genes done and of all genes.
    logged : bool
        Whether expression holds logarithms already.

    Returns
    -------
    Differential
        The same at every call.

    Raises
    ------
    SampleError
        As :func:`check_groups`, or if lengths disagree.

    Notes
    -----
    `scanpy.tl.rank_genes_groups(method="wilcoxon", tie_correct=True)`, on counts that are brought to the median total of all
    spots of the section, those of neither group among them, and then to ln(1 + x). Ties are corrected for, because most spots
    have no count of most genes. What the numbers mean is said by `TEST` and `CAVEAT`.
    """
    against = group.rest() if against is None else against
    n_spots, n_genes = expression.shape
    for one in (group, against):
        if len(one.spots) != n_spots:
            raise SampleError(
                f"{shown(one.name)} is given for {counted(len(one.spots), 'spot')}, but there is expression of {n_spots:,}."
            )
    check_groups(group, against)
    rows = np.flatnonzero(group.spots | against.spots)
    inside = group.spots[rows]
    found = {name: np.empty(n_genes) for name in _BY_GENE}
    for columns, block in rank_sums.blocks(expression, logged=logged):
        for name, values in _compared(block[rows], inside).items():
            found[name][columns] = values
        on_progress(columns.stop, n_genes)
    found["p_adjusted"] = stats.false_discovery_control(found["p_adjusted"])
    genes = rank_sums.names_of(gene_names, n_genes)
    return Differential(sizes=(group.size, against.size), genes=genes, **found)


def check_groups(group: Group, against: Group) -> None:
    """Check that two groups can be compared.

    Parameters
    ----------
    group, against : Group
        Of one sample.

    Raises
    ------
    SampleError
        If they share spots, or one has fewer than `MIN_SPOTS`.
    """
    name, other = shown(group.name), shown(against.name)
    if shared := int(np.count_nonzero(group.spots & against.spots)):
        raise SampleError(
            f"{counted(shared, 'spot')} are in {name} and in {other}: choose two groups that have no spot in common."
            if shared > 1
            else f"One spot is in {name} and in {other}: choose two groups that have no spot in common."
        )
    if group.size == len(group.spots) > 0:
        raise SampleError(f"{name} has all {group.size:,} spots, so there is nothing to compare it with: choose fewer.")
    for one, size in ((name, group.size), (other, against.size)):
        if size < MIN_SPOTS:
            found = "no spots" if size == 0 else "one spot"
            raise SampleError(
                f"{sentence_case(one)} has {found}: a test needs at least two spots on either side, so choose another group."
            )


def as_csv(found: Differential) -> str:
    """Write the whole table as CSV.

    Parameters
    ----------
    found : Differential

    Returns
    -------
    str
        Columns `rank` (from 1) and `COLUMNS`.
    """
    return csv_text(("rank", *COLUMNS), rank_sums.ranked_rows(found.table()))


def _compared(block: np.ndarray, inside: np.ndarray) -> dict[str, np.ndarray]:
    ranked = rank_sums.by_scanpy(block, inside.astype(int), (1,), ties=True)
    group, against = block[inside], block[~inside]
    return {
        "score": ranked["scores"][0],
        "log2_fold_change": ranked["log2_fold_changes"][0],
        "p_adjusted": ranked["p_adjusted"][0],  # adjusted when all genes are there
        "share": (group > 0).mean(axis=0),
        "share_against": (against > 0).mean(axis=0),
        "mean": group.mean(axis=0),
        "mean_against": against.mean(axis=0),
    }
