"""Marker genes: which genes tell one domain from all other spots.

Arrays in, arrays out. The test is scanpy's; genes go through it in blocks, so that expression stays as it is stored, whatever its size.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.csv_text import csv_text
from core.errors import SampleError
from core.evaluation import rank_sums
from core.sample import Expression

MIN_SPOTS = 2
"""A domain with fewer spots, inside or outside, is not tested: one spot has no spread."""

_BY_GENE = (
    "scores",
    "log2_fold_changes",
    "p_adjusted",
    "shares_inside",
    "shares_outside",
    "means_inside",
    "means_outside",
)
COLUMNS = (
    "gene",
    "score",
    "log2_fold_change",
    "p_adjusted",
    "share_inside",
    "share_outside",
    "mean_inside",
    "mean_outside",
)
"""Columns of a table, as :meth:`Markers.table` gives and CSV files name them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Markers:
    """How every gene differs between each domain and all other spots.

    Parameters
    ----------
    clusters : tuple of int
        Those that were tested, ascending; rows of the arrays below.
    too_small : dict of int to int
        Those that were not, with their number of spots: fewer than `MIN_SPOTS` inside or outside.
    genes : ndarray of shape (n_genes,), str
    scores : ndarray of shape (n_clusters, n_genes), float
        z of the rank sum: above 0 where the domain has more of the gene.
    log2_fold_changes : ndarray of shape (n_clusters, n_genes), float
        Of the mean logarithms taken back to counts, as scanpy does.
    p_adjusted : ndarray of shape (n_clusters, n_genes), float
        Two-sided, adjusted over the genes of a domain (Benjamini and Hochberg).
    shares_inside, shares_outside : ndarray of shape (n_clusters, n_genes), float
        Share of the spots that have counts of the gene.
    means_inside, means_outside : ndarray of shape (n_clusters, n_genes), float
        Mean of ln(1 + normalised count).
    """

    clusters: tuple[int, ...]
    too_small: Mapping[int, int]
    genes: np.ndarray
    scores: np.ndarray
    log2_fold_changes: np.ndarray
    p_adjusted: np.ndarray
    shares_inside: np.ndarray
    shares_outside: np.ndarray
    means_inside: np.ndarray
    means_outside: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, in bytes."""
        return int(self.genes.nbytes + sum(getattr(self, name).nbytes for name in _BY_GENE))

    def ranked(self, cluster: int) -> np.ndarray:
        """Sort the genes of a domain, the highest score first; genes of equal score keep their order.

        Parameters
        ----------
        cluster : int
            One of `clusters`.

        Returns
        -------
        ndarray of shape (n_genes,), int
            Their columns.
        """
        return np.argsort(-self.scores[self.clusters.index(cluster)], kind="stable")

    def table(self, cluster: int, n_genes: int | None = None) -> dict[str, np.ndarray]:
        """Rank the genes of a domain.

        Parameters
        ----------
        cluster : int
            One of `clusters`.
        n_genes : int, optional
            How many rows; all by default.

        Returns
        -------
        dict of str to ndarray
            By the names of `COLUMNS`, the highest score first.
        """
        row, order = self.clusters.index(cluster), self.ranked(cluster)[:n_genes]
        columns = [self.genes[order], *(getattr(self, name)[row, order] for name in _BY_GENE)]
        return dict(zip(COLUMNS, columns, strict=True))


def find_markers(
    expression: Expression,
    labels: np.ndarray,
    gene_names: np.ndarray | None = None,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
    *,
    logged: bool = False,
) -> Markers:
    """Compare each domain with all other spots, gene by gene.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Not modified.
    labels : ndarray of shape (n_spots,), int
        Domain of each spot.
    gene_names : ndarray of shape (n_genes,), str, optional
        `Gene 0`, `Gene 1`, ... where they are not given.
    on_progress : callable
        Called after each block with the number of genes done and of all genes.
    logged : bool
        Whether expression holds logarithms already.

    Returns
    -------
    Markers
        The same at every call.

    Raises
    ------
    SampleError
        If lengths disagree, or fewer than two domains have spots enough to be compared.

    Notes
    -----
    `scanpy.tl.rank_genes_groups(method="wilcoxon")` with its defaults (no correction for ties), on counts that are brought to
    the median total of the spots and then to ln(1 + x), as `scanpy.pp.normalize_total` and `log1p` do. The test looks
    at one gene at a time, so blocks change nothing; p-values are adjusted when all are there. The domains were found in
    the same expression: p-values rank genes, they prove nothing.
    """
    sizes = _sizes(expression, labels)
    n_spots, n_genes = expression.shape
    tested = tuple(cluster for cluster, size in sizes.items() if MIN_SPOTS <= size <= n_spots - MIN_SPOTS)
    if not tested:
        raise SampleError(_nothing_to_compare(sizes))
    found: dict[str, np.ndarray] = {name: np.empty((len(tested), n_genes), dtype=np.float32) for name in _BY_GENE}
    found["p_adjusted"] = np.empty((len(tested), n_genes))  # float32 ends at 1e-38
    for columns, block in rank_sums.blocks(expression, logged=logged):
        for name, values in _compared(block, labels, tested).items():
            found[name][:, columns] = values
        on_progress(columns.stop, n_genes)
    found["p_adjusted"] = stats.false_discovery_control(found["p_adjusted"], axis=1)
    too_small = {cluster: size for cluster, size in sizes.items() if cluster not in tested}
    return Markers(clusters=tested, too_small=too_small, genes=rank_sums.names_of(gene_names, n_genes), **found)


def as_csv(markers: Markers, names: Mapping[int, str]) -> str:
    """Write all tables as one CSV.

    Parameters
    ----------
    markers : Markers
    names : mapping of int to str
        What each domain is called.

    Returns
    -------
    str
        Columns `domain`, `rank` (from 1) and `COLUMNS`.
    """
    tables = ((names[cluster], markers.table(cluster)) for cluster in markers.clusters)
    rows = ((name, *row) for name, table in tables for row in rank_sums.ranked_rows(table))
    return csv_text(("domain", "rank", *COLUMNS), rows)


def _sizes(expression: Expression, labels: np.ndarray) -> dict[int, int]:
    if len(labels) != expression.shape[0]:
        raise SampleError(f"There are {len(labels)} clustered spots but {expression.shape[0]} with expression.")
    clusters, counts = np.unique(labels, return_counts=True)
    return dict(zip(clusters.tolist(), counts.tolist(), strict=True))


def _nothing_to_compare(sizes: Mapping[int, int]) -> str:
    if len(sizes) == 1:
        return "All spots are in one cluster, so no gene can tell it from others: ask for two clusters or more."
    return (
        f"None of the {len(sizes)} clusters has {MIN_SPOTS} spots and {MIN_SPOTS} others to be compared with: ask for fewer "
        "clusters."
    )


def _compared(block: np.ndarray, labels: np.ndarray, tested: tuple[int, ...]) -> dict[str, np.ndarray]:
    inside = (labels == np.array(tested)[:, None]).astype(float)
    n_inside = inside.sum(axis=1, keepdims=True)
    n_outside = len(labels) - n_inside
    found = rank_sums.by_scanpy(block, labels, tested)
    for name, values in (("shares", block > 0), ("means", block)):
        of_tested = inside @ values
        found[f"{name}_inside"] = of_tested / n_inside
        found[f"{name}_outside"] = (1 - inside) @ values / n_outside
    return found
