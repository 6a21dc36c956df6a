"""Learning from annotated sections what their domains look like.

Directions of genes as in :mod:`core.method.factors`, of all sections together; factors averaged over neighbours; then a normal
distribution for each domain, with one covariance. Sections are shifted against each other so that their domains lie together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.coordinates import canonical_order
from core.errors import TransferError
from core.layer_names import canonical
from core.method.factors import (
    N_COMPONENTS,
    RawFactors,
    common_directions,
    noise_scaled_directions,
    project_each,
)
from core.method.merging import ridged
from core.method.neighbours import averaged, neighbour_graph
from core.method.normalisation import log_normalised_together
from core.method.reach import find_averaging
from core.method.shared_genes import counts_of, shared_genes
from core.method.threads import one_thread
from core.reference import Reference
from core.region_names import MAX_NAME, fitting_names
from core.sample import UNANNOTATED, Expression, Sample
from core.text import counted, listed, shown

_N_FACTORS = 30
_MORE_HOPS = 1  # than label-free fits have: borders are known here, and blur less than noise does
_LEAST_SPOTS = 3  # of a domain
_ROUNDS = 10  # of moving sections against each other
_NOISE = 0.01  # of a gene, after averaging over neighbours, in units of what is not explained
_HOPS_OF_STRANGENESS = 1  # that distances are averaged: what is unlike the reference is a region, not a spot
_HARDLY_ANY = 0.99  # of the spots lie no further from the nearest mean

USUAL = 0.25
"""Share of the spots that lie nearer than what is usual: less than half, since a section may hold much that is unlike the reference."""

MOST_GENES = 4000
"""Genes that are kept, those with the largest weights: with 2,000 labels are as good (`docs/accuracy.md`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Directions:
    loadings: np.ndarray
    noise: np.ndarray
    turn: np.ndarray


def learn(samples: Sequence[Sample]) -> Reference:
    """Learn from annotated sections.

    Parameters
    ----------
    samples : sequence of Sample
        One or several, annotated; genes that all of them have take part. Spellings of one layer's name are one domain.

    Returns
    -------
    Reference

    Raises
    ------
    TransferError
        If a section has no annotation or gene names, or comes twice, or there are fewer than two domains.
    SampleError
        If sections share too few genes.
    """
    _check_once(samples)
    labels = [_labels(sample) for sample in samples]
    names = _names(samples, labels)
    genes = shared_genes(samples)
    orders = [canonical_order(sample.positions) for sample in samples]
    labels = [own[order] for own, order in zip(labels, orders, strict=True)]
    graphs = [neighbour_graph(sample.coordinates[order]) for sample, order in zip(samples, orders, strict=True)]
    counts = [counts_of(sample, genes)[order] for sample, order in zip(samples, orders, strict=True)]
    with one_thread():
        sections = log_normalised_together(counts, logged=[sample.is_logged for sample in samples])
        found, components = _directions(sections, graphs)
        raw = [values @ found.turn for values in components]
        hops = _hops(samples, raw, graphs, orders)
        factors = [averaged(values, graph, hops) for values, graph in zip(raw, graphs, strict=True)]
        means, within, numbers, distances = _domains(factors, labels, names, graphs)
    kept = np.sort(np.argsort(-np.square(found.loadings @ found.turn).sum(axis=1), kind="stable")[:MOST_GENES])
    genes = tuple(genes[gene] for gene in kept.tolist())
    return Reference(
        names=tuple(fitting_names(names)),
        samples=tuple(shown(sample.name, MAX_NAME) for sample in samples),
        genes=genes,
        ids=_ids(samples, genes),
        abundance=_abundance(sections)[kept],
        loadings=found.loadings[kept].astype(np.float32),
        noise=found.noise,
        turn=found.turn,
        means=means,
        within=within,
        frequencies=numbers / numbers.sum(),
        hops=hops,
        usual=float(np.quantile(distances, USUAL)),
        unusual=float(np.quantile(distances, _HARDLY_ANY)),
        contents=tuple(sample.content_hash for sample in samples),
    )


def _check_once(samples: Sequence[Sample]) -> None:
    """Refuse one section with one annotation twice, whatever its files are called: it would count double."""
    there: dict[tuple[str, str], str] = {}
    for sample in samples:
        content = sample.content_hash, sample.annotation_hash
        if content in there:
            raise TransferError(
                f"{shown(there[content])} and {shown(sample.name)} are one section with one annotation, which would count twice: choose each "
                "section once."
            )
        there[content] = sample.name


def _labels(sample: Sample) -> np.ndarray:
    if sample.gene_names is None:
        raise TransferError(
            f"{shown(sample.name)} has no gene names, by which other sections are compared with it: import it again with them."
        )
    if not sample.layer_names:
        raise TransferError(f"{shown(sample.name)} has no annotation to learn from: choose an annotated section.")
    spelt = {name: canonical(name) for name in sample.classes}
    return np.array([spelt[str(name)] for name in np.asarray(sample.labels_true)])


def _names(samples: Sequence[Sample], labels: Sequence[np.ndarray]) -> tuple[str, ...]:
    names, sizes = np.unique(np.concatenate(labels), return_counts=True)
    kept = [str(name) for name, size in zip(names, sizes, strict=True) if name != UNANNOTATED and size >= _LEAST_SPOTS]
    if len(kept) < 2:
        raise TransferError(
            f"{listed([shown(sample.name) for sample in samples])}: {counted(len(kept), 'domain')} of {_LEAST_SPOTS} annotated spots "
            "or more, but at least two are needed to tell one from another. Choose a section with several domains."
        )
    return tuple(kept)


def _directions(
    sections: Sequence[Expression], graphs: Sequence[sparse.csr_array]
) -> tuple[_Directions, list[np.ndarray]]:
    means, loadings = common_directions(sections, N_COMPONENTS)
    components = project_each(sections, means, loadings)
    ends = np.cumsum([len(values) for values in components])[:-1]
    stacked, graph = np.vstack(components), sparse.csr_array(sparse.block_diag(graphs, format="csr"))
    turn = noise_scaled_directions(stacked, graph, ends)[:, :_N_FACTORS]
    explained = stacked.var(axis=0)
    left = max(_variance(sections, means) - float(explained.sum()), 0.0) / len(loadings)
    noise = _NOISE * left / np.maximum(explained, 1e-12)
    return _Directions(loadings=loadings, noise=noise, turn=turn), components


def _variance(sections: Sequence[Expression], means: Sequence[np.ndarray]) -> float:
    """Total over the genes, within sections."""
    squares = [
        float((values * values).sum()) - values.shape[0] * float(mean @ mean)
        for values, mean in zip(sections, means, strict=True)
    ]
    return sum(squares) / sum(values.shape[0] for values in sections)


def _hops(
    samples: Sequence[Sample],
    raw: Sequence[np.ndarray],
    graphs: Sequence[sparse.csr_array],
    orders: Sequence[np.ndarray],
) -> int:
    found = [
        find_averaging(RawFactors(values, graph, order), sample.coordinates).hops
        for sample, values, graph, order in zip(samples, raw, graphs, orders, strict=True)
    ]
    return min(found) + _MORE_HOPS


def _domains(
    factors: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    names: Sequence[str],
    graphs: Sequence[sparse.csr_array],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means of the domains, covariance within them, their numbers of spots, and how far spots lie from the nearest mean."""
    section = np.repeat(np.arange(len(factors)), [len(values) for values in factors])
    stacked = np.vstack([values - values.mean(axis=0) for values in factors])
    known = np.isin(np.concatenate(labels), names)
    of = np.searchsorted(names, np.concatenate(labels)[known])
    stacked = stacked - _shifts(stacked[known], of, section[known], len(names))[section]
    means = _means(stacked[known], of, len(names))
    away = stacked[known] - means[of]
    within = ridged(away.T @ away / len(away))
    numbers = np.bincount(of, minlength=len(names)).astype(np.float64)
    graph = sparse.csr_array(sparse.block_diag(graphs, format="csr"))
    return means, within, numbers, strangeness(stacked, means, within, graph)[known]


def strangeness(values: np.ndarray, means: np.ndarray, within: np.ndarray, graph: sparse.csr_array) -> np.ndarray:
    """Measure how far spots and their neighbours lie from the nearest mean.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_factors)
    means : ndarray of shape (n_domains, n_factors)
    within : ndarray of shape (n_factors, n_factors)
    graph : csr_array of shape (n_spots, n_spots)
        Of neighbours.

    Returns
    -------
    ndarray of shape (n_spots,)
        Squared distances in units of `within`, averaged over neighbours.
    """
    nearest = squared_distances(values, means, within).min(axis=1)
    return averaged(nearest[:, None], graph, _HOPS_OF_STRANGENESS)[:, 0]


def _shifts(values: np.ndarray, of: np.ndarray, section: np.ndarray, n_domains: int) -> np.ndarray:
    """How far each section lies from where its domains lie in all; a section that holds more of one domain is centred elsewhere."""
    n_sections = int(section.max()) + 1
    shifts = np.zeros((n_sections, values.shape[1]))
    for _ in range(_ROUNDS if n_sections > 1 else 0):
        away = values - _means(values - shifts[section], of, n_domains)[of]
        shifts = _means(away, section, n_sections)
    return shifts


def _means(values: np.ndarray, of: np.ndarray, n_groups: int) -> np.ndarray:
    sums = np.zeros((n_groups, values.shape[1]))
    np.add.at(sums, of, values)
    return np.asarray(sums / np.maximum(np.bincount(of, minlength=n_groups), 1)[:, None])


def squared_distances(values: np.ndarray, means: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Measure how far values lie from means, in units of a covariance.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_factors)
    means : ndarray of shape (n_domains, n_factors)
    within : ndarray of shape (n_factors, n_factors)

    Returns
    -------
    ndarray of shape (n_spots, n_domains)
    """
    whitening = np.linalg.inv(np.linalg.cholesky(within))
    white, middles = values @ whitening.T, means @ whitening.T
    squares = np.square(white).sum(axis=1)[:, None] + np.square(middles).sum(axis=1) - 2 * white @ middles.T
    return np.asarray(np.maximum(squares, 0))


def _abundance(sections: Sequence[Expression]) -> np.ndarray:
    """Mean normalised counts of each gene."""
    total = sum(np.asarray(_unlogged(values).sum(axis=0)).ravel() for values in sections)
    return np.asarray(total / sum(values.shape[0] for values in sections))


def _unlogged(values: Expression) -> Expression:
    if isinstance(values, np.ndarray):
        return np.expm1(values)
    return sparse.csr_array((np.expm1(values.data), values.indices, values.indptr), shape=values.shape)


def _ids(samples: Sequence[Sample], genes: Sequence[str]) -> tuple[str, ...]:
    """Second names of the genes, from whichever section has them."""
    found: dict[str, str] = {}
    for sample in samples:
        if sample.gene_names is not None and sample.gene_ids is not None:
            found.update(zip(map(str, sample.gene_names), map(str, sample.gene_ids), strict=True))
    return tuple(found.get(gene, "") for gene in genes) if found else ()
