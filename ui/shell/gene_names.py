"""Genes of a sample as people look for them: by symbol, and by Ensembl's identifier where the file has both."""

from collections.abc import Callable, Sequence

from core.evaluation.gene_sets import FoundGenes, columns_by_name, find_genes
from core.sample import Sample
from ui.data import compute


def of_sample(sample: Sample) -> list[str]:
    """Name the genes of a sample, sorted; empty if its file has no names."""
    return [] if sample.gene_names is None else sorted(set(sample.gene_names.tolist()))


def find(sample: Sample, wanted: Sequence[str]) -> FoundGenes:
    """Look up genes by all that they are called."""
    names = [] if sample.gene_ids is None else sample.gene_ids.tolist()
    key = compute.digest_of(names)  # identifiers are no part of the content
    columns = compute.kept(lambda: columns_by_name(sample), "columns by name", sample.content_hash, key)
    return find_genes(sample, wanted, columns)


def labels(sample: Sample) -> Callable[[str], str]:
    """Write a gene for a field that finds what is typed: its name, with its identifier where that is known."""
    if sample.gene_names is None or sample.gene_ids is None:
        return str
    ids = dict(zip(reversed(sample.gene_names.tolist()), reversed(sample.gene_ids.tolist()), strict=True))
    return lambda name: f"{name} · {ids[name]}" if ids.get(name) else name
