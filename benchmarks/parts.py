"""What is measured besides whole sections: halves, thinned counts, some of the genes, drawn tissue.

Whatever is drawn at random has a fixed seed, so that every method sees the same.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import sparse

from benchmarks import drawn_tissue, sections
from core.errors import SampleError
from core.parts import genes_of, part_of
from core.sample import Expression, Sample

_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section, or what is made of it.

    Parameters
    ----------
    source : Path
    half : {"left", "right"}, optional
    thinned : float, optional
        Share of the counts that is kept, between 0 and 1.
    genes : float, optional
        How many genes are kept; below 1 their share.
    shape : str, optional
        One of `drawn_tissue.SHAPES`, drawn from the section's spots.
    drawing : int
        Which tissue of that shape, from 1.
    """

    source: Path
    half: Literal["left", "right"] | None = None
    thinned: float | None = None
    genes: float | None = None
    shape: str | None = None
    drawing: int = 1

    def name(self, section: str) -> str:
        """Name it.

        Parameters
        ----------
        section : str
            Name of the whole section.

        Returns
        -------
        str
        """
        if self.shape is not None:
            return f"{self.shape} {self.drawing}"
        genes = self.genes and (f"{self.genes:.0%} of genes" if self.genes < 1 else f"{self.genes:.0f} genes")
        thinned = self.thinned and f"{self.thinned:.0%} of counts"
        return " ".join(word for word in (section, self.half, thinned, genes) if word)


def read(part: Part) -> Sample:
    """Read a section, and make of it what is asked for.

    Parameters
    ----------
    part : Part

    Returns
    -------
    Sample
        Annotated, with two classes or more.

    Raises
    ------
    DomainsError
        If the section cannot be read, or does not allow it.
    """
    whole = sections.read(part.source)
    made = whole if part.shape is None else drawn_tissue.draw(whole, part.shape, part.drawing)
    if part.half is not None:
        made = _half(made, part.half)
    if part.thinned is not None:
        made = dataclasses.replace(made, expression=thinned(made.expression, part.thinned))
    if part.genes is not None:
        made = _fewer_genes(made, part.genes)
    if len(made.layer_names) < 2:
        raise SampleError(f"It has {len(made.layer_names)} annotated classes, and agreement needs two.")
    return dataclasses.replace(made, name=part.name(whole.name))


def thinned(expression: Expression, share: float) -> Expression:
    """Keep each count with a chance of `share`, as a sequencer that read less would have.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Whole counts. Not modified.
    share : float

    Returns
    -------
    ndarray or csr_array of shape (n_spots, n_genes)
        The same draw for dense and sparse counts.

    Raises
    ------
    SampleError
        If the counts are not whole.
    """
    kept = sparse.csr_array(expression, copy=True)
    kept.sum_duplicates()
    kept.eliminate_zeros()
    if (kept.data % 1).any():
        raise SampleError("Its counts are not whole numbers, which cannot be thinned.")
    counts = kept.data.astype(np.int64)
    kept.data = np.random.default_rng(_SEED).binomial(counts, share).astype(np.float64)
    return kept.toarray() if isinstance(expression, np.ndarray) else kept


def _half(sample: Sample, half: str) -> Sample:
    x = sample.tissue_um[:, 0]
    to_the_left = x <= np.median(x)
    spots = np.flatnonzero(to_the_left if half == "left" else ~to_the_left)
    if not len(spots):
        raise SampleError("It has no spot on one side of the median column: there is no half.")
    return part_of(sample, spots)


def _fewer_genes(sample: Sample, genes: float) -> Sample:
    n_kept = max(1, round(genes * sample.n_genes)) if genes < 1 else int(genes)
    if n_kept >= sample.n_genes:
        raise SampleError(f"It has {sample.n_genes} genes: {n_kept} are no part of them.")
    columns = np.sort(np.random.default_rng(_SEED).choice(sample.n_genes, n_kept, replace=False))
    return genes_of(sample, columns)
