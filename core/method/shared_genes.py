"""The genes that sections have in common, by name, in one order."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from scipy import sparse

from core.errors import SampleError
from core.sample import Expression, Sample
from core.text import counted

MIN_SHARED = 50
"""With fewer genes in common, names are taken to be of different kinds, and sections cannot be compared."""

PANEL_GENES = 1500
"""With fewer genes than this a section is of a targeted panel."""

MIN_SHARE_OF_PANEL = 0.5
"""Share of the smallest panel that is enough, where all sections are of panels."""

_LEAST_OF_PANEL = 5
_N_EXAMPLES = 2


def shared_genes(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Find the genes that all sections have.

    Parameters
    ----------
    samples : sequence of Sample

    Returns
    -------
    tuple of str
        Names in alphabetical order, which depends neither on the order of the sections nor on that of their genes.

    Raises
    ------
    SampleError
        If a section has no gene names, or fewer than 50 are shared, and of panels fewer than half of the smallest.
    """
    nameless = [sample.name for sample in samples if sample.gene_names is None]
    if nameless:
        raise SampleError(
            f"{_listed(nameless)} {'has' if len(nameless) == 1 else 'have'} no gene names, by which the genes of several "
            "sections are matched: import again from Space Ranger's output or an h5ad, or store the names as `gene`."
        )
    names = set.intersection(*(_names(sample) for sample in samples))
    if not _are_enough(len(names), [len(_names(sample)) for sample in samples]):
        raise SampleError(
            f"{_listed([sample.name for sample in samples])} share {len(names)} gene names, but at least {MIN_SHARED} are "
            f"needed: {'; '.join(map(_examples, samples))}. Use names of one kind, symbols or identifiers, in all sections."
        )
    return tuple(sorted(names))


def obstacle(genes: AbstractSet[str] | None, chosen: Sequence[AbstractSet[str]]) -> str:
    """Say why a section cannot be clustered together with others, from the names of genes alone.

    Parameters
    ----------
    genes : set of str, or None
        Names of the section's genes; None where it has none.
    chosen : sequence of set of str
        Those of the others.

    Returns
    -------
    str
        In a few words; empty where nothing is in the way.
    """
    if genes is None:
        return "no gene names"
    n_shared = len(frozenset(genes).intersection(*chosen))
    if _are_enough(n_shared, [len(names) for names in (genes, *chosen)]):
        return ""
    return f"{counted(n_shared, 'shared gene')}, at least {MIN_SHARED} are needed"


def _are_enough(n_shared: int, sizes: Sequence[int]) -> bool:
    """Whether sections have enough genes in common: of panels, which have few, a good part of the smallest."""
    if n_shared >= MIN_SHARED:
        return True
    of_panels = max(sizes) < PANEL_GENES and n_shared >= _LEAST_OF_PANEL
    return of_panels and n_shared >= MIN_SHARE_OF_PANEL * min(sizes)


def counts_of(sample: Sample, genes: Sequence[str]) -> Expression:
    """Take the counts of some genes, in their order.

    Parameters
    ----------
    sample : Sample
        Has all of them.
    genes : sequence of str

    Returns
    -------
    ndarray or csr_array of shape (n_spots, n_genes)
        Columns of one name are added up: they count one gene.
    """
    index = {gene: number for number, gene in enumerate(genes)}
    names = [str(name) for name in np.asarray(sample.gene_names)]
    columns = np.array([column for column, name in enumerate(names) if name in index])
    targets = np.array([index[names[column]] for column in columns])
    if len(columns) == len(genes):
        return sample.expression[:, columns[np.argsort(targets)]]
    adder = sparse.csr_array((np.ones(len(columns)), (columns, targets)), shape=(sample.n_genes, len(genes)))
    if isinstance(sample.expression, np.ndarray):
        return np.asarray(sample.expression @ adder)
    return sparse.csr_array(sample.expression @ adder)


def _names(sample: Sample) -> set[str]:
    return {str(name) for name in np.asarray(sample.gene_names)} - {""}


def _examples(sample: Sample) -> str:
    few = [str(name) for name in np.asarray(sample.gene_names)[:_N_EXAMPLES]]
    return f"{sample.name} has genes such as {' and '.join(few)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
