"""Sets of genes by name: what was pasted, which of it a sample has, and one score for the whole set.

A name may be a symbol or Ensembl's identifier, in any case of letters; nothing is guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.errors import SampleError
from core.sample import Expression, Sample
from core.text import counted, shown

MIN_GENES = 2
"""A set of one gene is that gene."""

RANDOM_STATE = 0
"""Seed of the choice of control genes, so that the score of a set is the same wherever it is computed."""

_BETWEEN = re.compile(r"[\s,;]+")
_VERSION = re.compile(r"^(ENS[A-Z]*G\d{11})\.\d+$")


@dataclass(frozen=True, slots=True)
class FoundGenes:
    """Which of the names that were asked for a sample has.

    Parameters
    ----------
    names : tuple of str
        Of the genes found, as the sample calls them, each once, in the order in which they were asked for.
    columns : tuple of int
        Of these genes.
    missing : tuple of str
        Names that the sample lacks, as they were asked for, each once.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    missing: tuple[str, ...]

    def missing_in_words(self, most: int = 10) -> str:
        """Name what is missing.

        Parameters
        ----------
        most : int
            How many names are written; of the others only the number.

        Returns
        -------
        str
            A sentence; empty where nothing is missing.
        """
        if not self.missing:
            return ""
        few = ", ".join(shown(name, 30) for name in self.missing[:most])
        more = f" and {len(self.missing) - most:,} more" * (len(self.missing) > most)
        return f"{counted(len(self.missing), 'name')} not found in this sample: {few}{more}."


def names_in(text: str) -> tuple[str, ...]:
    r"""Read names that somebody pasted.

    Parameters
    ----------
    text : str
        Names with commas, semicolons, spaces or ends of lines between them.

    Returns
    -------
    tuple of str
        Each once, in their order.

    Examples
    --------
    >>> names_in("PCP4, MOBP\nPCP4;SNAP25")
    ('PCP4', 'MOBP', 'SNAP25')
    """
    return tuple(dict.fromkeys(name for name in _BETWEEN.split(text) if name))


def columns_by_name(sample: Sample) -> dict[str, int]:
    """Index the genes of a sample by all that they are called.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    dict of str to int
        Column by name and by identifier, in lower case where these are no name of another gene; the first gene of a name has it.
    """
    named = [names.tolist() for names in (sample.gene_names, sample.gene_ids) if names is not None]
    found: dict[str, int] = {}
    for names in named:
        for column, name in enumerate(names):
            found.setdefault(name, column)
    for names in named:
        for column, name in enumerate(names):
            found.setdefault(_plain(name), column)
    found.pop("", None)
    return found


def find_genes(sample: Sample, wanted: Sequence[str], columns: Mapping[str, int] | None = None) -> FoundGenes:
    """Look up genes by symbol or by Ensembl's identifier.

    Parameters
    ----------
    sample : Sample
    wanted : sequence of str
        Names as written, or else in another case of letters; of identifiers the version may be missing or be another.
    columns : mapping of str to int, optional
        As :func:`columns_by_name` makes it, where it is kept.

    Returns
    -------
    FoundGenes
    """
    columns = columns_by_name(sample) if columns is None else columns
    found: dict[int, None] = {}
    missing: dict[str, None] = {}
    for name in wanted:
        column = columns.get(name, columns.get(_plain(name)))
        if column is None:
            missing[name] = None
        else:
            found[column] = None
    called = np.asarray([] if sample.gene_names is None else sample.gene_names, dtype=str)
    return FoundGenes(tuple(str(called[column]) for column in found), tuple(found), tuple(missing))


def _plain(name: str) -> str:
    return _VERSION.sub(r"\1", name.upper()).lower()


def score_set(normalised: Expression, columns: Sequence[int]) -> np.ndarray:
    """Score a set of genes in every spot.

    Parameters
    ----------
    normalised : ndarray or csr_array of shape (n_spots, n_genes)
        Logarithms of normalised counts, as `core.method.normalisation.log_normalised` gives them. Not modified.
    columns : sequence of int
        Genes of the set, each once.

    Returns
    -------
    ndarray of shape (n_spots,), float64
        Mean of the set minus mean of control genes: above 0 where a spot has more of the set than of other genes as abundant.

    Raises
    ------
    SampleError
        If the set has fewer than `MIN_GENES`, or no other genes are left to be controls.

    Notes
    -----
    `scanpy.tl.score_genes` with its defaults and `random_state=RANDOM_STATE` (after Satija et al. 2015, doi 10.1038/nbt.3192):
    genes are split by their mean into 25 bins, and for each bin that holds genes of the set 50 others of it are drawn.
    """
    n_genes = normalised.shape[1]
    if len(columns) < MIN_GENES:
        raise SampleError(
            f"{counted(len(columns), 'gene')} of the set found in this sample: a score needs at least {MIN_GENES}."
        )
    if len(columns) >= n_genes:
        raise SampleError(
            f"The set holds all {n_genes:,} genes of the sample, so none is left to compare it with: choose fewer."
        )
    return _by_scanpy(normalised, [str(column) for column in columns])


def _by_scanpy(normalised: Expression, names: list[str]) -> np.ndarray:
    # Both take seconds to import.
    import pandas as pd
    import scanpy
    from anndata import AnnData

    n_spots, n_genes = normalised.shape
    obs, var = (pd.DataFrame(index=pd.Index([str(number) for number in range(n)])) for n in (n_spots, n_genes))
    # score_genes takes scipy's matrices, not its newer arrays.
    values = normalised if isinstance(normalised, np.ndarray) else sparse.csr_matrix(normalised)
    adata = AnnData(values, obs=obs, var=var)
    try:
        scanpy.tl.score_genes(adata, names, random_state=RANDOM_STATE)
    except RuntimeError as error:  # of a set that takes all genes of its bins
        raise SampleError(
            "No genes as abundant as those of the set are left to compare it with: choose fewer genes, or a sample with more."
        ) from error
    return np.asarray(adata.obs["score"], dtype=np.float64)
