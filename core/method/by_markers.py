"""Domains by marker genes, and names for domains that were found without them.

A domain's score is the mean of its markers, each averaged over neighbours and standardised over the section. Domains that agree with
the scores are found by a mixture of normal distributions with one covariance that begins at them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.errors import ParameterError
from core.layer_names import display_name
from core.marker_table import MarkerTable
from core.method.guided import Guide, refined
from core.method.neighbours import averaged
from core.method.normalisation import library_sizes, log_scaled
from core.method.threads import one_thread
from core.sample import Sample
from core.text import counted, listed, shown

_SHARPNESS = 4.0  # of what scores, in their standard deviations, say to begin with
_ROUNDS = 10
_CLEAR = 0.25  # of a standard deviation, by which a domain's own score must be the highest
_N_GENES = 3  # that are told as evidence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkerScores:
    """How much each spot looks like each domain of a table.

    Parameters
    ----------
    names : tuple of str
        Domains of the table.
    scores : ndarray of shape (n_spots, n_domains)
        Mean of 0 and standard deviation of 1 over the spots; minus infinity for a domain without markers here.
    genes : dict of str to dict of str to ndarray of shape (n_spots,)
        Standardised expression of the markers that are here, by domain.
    unknown : dict of str to tuple of str
        Markers that the sample does not have or that do not vary in it, by domain.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    genes: Mapping[str, Mapping[str, np.ndarray]]
    unknown: Mapping[str, tuple[str, ...]]

    @property
    def missing(self) -> tuple[str, ...]:
        """Domains without any marker here."""
        return tuple(name for name in self.names if not self.genes[name])

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return int(self.scores.nbytes) + sum(values.nbytes for own in self.genes.values() for values in own.values())

    def notes(self) -> tuple[str, ...]:
        """Say which domains and genes play no part.

        Returns
        -------
        tuple of str
            Sentences.
        """
        lost = [gene.split("|")[0] for genes in self.unknown.values() for gene in genes]
        said = f"{counted(len(lost), 'marker gene is', 'marker genes are')} not in the sample, or the same everywhere: {', '.join(map(shown, lost[:10]))}"
        return (
            *(f"{shown(name)} has no marker gene in the sample, so it cannot be found." for name in self.missing),
            *((said + (" and more." if len(lost) > 10 else "."),) if lost else ()),
        )

    def notes_on(self, names: Sequence[str], labels: np.ndarray) -> tuple[str, ...]:
        """Say besides which domains have markers here, and no spot.

        Parameters
        ----------
        names : sequence of str
            Of the domains of a result.
        labels : ndarray of shape (n_spots,), int

        Returns
        -------
        tuple of str
            Sentences.
        """
        sizes = np.bincount(labels, minlength=len(names))
        empty = [name for name, size in zip(names, sizes, strict=True) if not size and name not in self.missing]
        more = (f"{shown(name)} was not found: no spot looks most like its markers." for name in empty)
        return (*self.notes(), *more)


def check_has_markers(table: MarkerTable, sample: Sample) -> None:
    """Raise, before anything is counted, where a sample lacks the genes of a table.

    Parameters
    ----------
    table : MarkerTable
    sample : Sample

    Raises
    ------
    ParameterError
        If the sample has no gene names, or markers of fewer than two domains.
    """
    columns = _columns(sample)
    genes = {
        name: [gene.split("|")[0] for gene in markers if _column(gene, columns) is not None]
        for name, markers in table.markers.items()
    }
    if sum(map(bool, genes.values())) < 2:
        raise ParameterError(_too_few(table, sample, genes))


def marker_scores(table: MarkerTable, sample: Sample, neighbours: sparse.csr_array, hops: int) -> MarkerScores:
    """Score the domains of a table at every spot.

    Parameters
    ----------
    table : MarkerTable
    sample : Sample
        Its annotation plays no part.
    neighbours : csr_array of shape (n_spots, n_spots)
        Neighbours in the tissue.
    hops : int
        How often expression is averaged with the neighbours'.

    Returns
    -------
    MarkerScores

    Raises
    ------
    ParameterError
        If the sample has no gene names, or markers of fewer than two domains.
    """
    columns = _columns(sample)
    library = library_sizes(sample.expression)
    factor = np.median(library[library > 0]) / np.maximum(library, 1.0) if library.any() else library
    genes: dict[str, dict[str, np.ndarray]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    with one_thread():
        for name, markers in table.markers.items():
            found = {gene: _standardised(sample, column, factor, neighbours, hops) for gene in markers
                     if (column := _column(gene, columns)) is not None}  # fmt: skip
            genes[name] = {gene.split("|")[0]: values for gene, values in found.items() if values is not None}
            unknown[name] = tuple(gene for gene in markers if found.get(gene) is None)
    if sum(map(bool, genes.values())) < 2:
        raise ParameterError(_too_few(table, sample, genes))
    return MarkerScores(
        names=table.names,
        scores=np.column_stack([_score(own, sample.n_spots) for own in genes.values()]),
        genes=genes,
        unknown=unknown,
    )


def _columns(sample: Sample) -> dict[str, int]:
    if sample.gene_names is None:
        raise ParameterError(
            f"{shown(sample.name)} has no gene names, by which markers are found: import it again with them."
        )
    known = (
        {} if sample.gene_ids is None else {str(name): column for column, name in enumerate(sample.gene_ids) if name}
    )
    return known | {str(name): column for column, name in enumerate(sample.gene_names)}


def _column(gene: str, columns: Mapping[str, int]) -> int | None:
    return next((columns[name] for name in gene.split("|") if name in columns), None)


def _standardised(
    sample: Sample, column: int, factor: np.ndarray, neighbours: sparse.csr_array, hops: int
) -> np.ndarray | None:
    values = sample.expression[:, [column]]
    logs = values.astype(np.float64) if sample.is_logged else log_scaled(values, factor)
    values = averaged(logs.toarray() if sparse.issparse(logs) else logs, neighbours, hops)[:, 0]
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-12 else None


def _score(genes: Mapping[str, np.ndarray], n_spots: int) -> np.ndarray:
    if not genes:
        return np.full(n_spots, -np.inf)
    mean = np.mean(list(genes.values()), axis=0)
    return np.asarray(mean / max(float(mean.std()), 1e-12))


def _too_few(table: MarkerTable, sample: Sample, genes: Mapping[str, Collection[str]]) -> str:
    found = [shown(name) for name, own in genes.items() if own]
    markers = [gene.split("|")[0] for own in table.markers.values() for gene in own]
    return (
        f"{shown(sample.name)} has marker genes of {listed(found) if found else 'no domain'}, but at least two domains are needed: its genes "
        f"are such as {listed([shown(str(name)) for name in np.asarray(sample.gene_names)[:2]])}, the markers such as "
        f"{listed([shown(name) for name in markers[:2]])}. Write the markers as the sample names its genes."
    )


def opinions(guide: Guide, found: MarkerScores, painted: np.ndarray) -> np.ndarray:
    """Find domains that agree with the scores.

    Parameters
    ----------
    guide : Guide
    found : MarkerScores
    painted : ndarray of shape (n_spots,), int
        Domain of the table that people gave to a spot, below 0 for the others.

    Returns
    -------
    ndarray of shape (n_spots, n_domains)
        How sure each domain is; rows add up to 1. A domain without markers has what is painted.
    """
    begun = np.exp(_SHARPNESS * (found.scores - found.scores.max(axis=1, keepdims=True)))
    begun /= begun.sum(axis=1, keepdims=True)
    here = np.isfinite(found.scores).all(axis=0) | np.isin(np.arange(len(found.names)), painted)
    shares = np.zeros_like(begun)
    with one_thread():
        shares[:, here] = refined(guide, begun[:, here], renumbered(painted, here), _ROUNDS)
    return shares


def renumbered(painted: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Count classes without those that are not kept.

    Parameters
    ----------
    painted : ndarray of shape (n_spots,), int
        Below 0 for what is not painted; only classes that are kept.
    kept : ndarray of shape (n_classes,), bool

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    number = np.cumsum(kept) - 1
    return np.where(painted >= 0, number[painted], -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A name for a domain that was found without names.

    Parameters
    ----------
    cluster : int
    name : str
        Of the table; empty where no domain's markers stand out.
    score : float
        Mean of the domain's own score over the spots of the cluster, in standard deviations over all spots.
    next_name : str
        Domain with the next highest score.
    next_score : float
    genes : tuple of (str, float)
        Markers that stand out most, with their mean in standard deviations above that of all spots.
    """

    cluster: int
    name: str
    score: float
    next_name: str
    next_score: float
    genes: tuple[tuple[str, float], ...]

    def in_words(self) -> str:
        """Say the evidence, such as `PCP4 1.8, SMYD2 1.2 standard deviations above the mean`.

        Returns
        -------
        str
        """
        if not self.name:
            return f"no markers stand out: {shown(display_name(self.next_name))} has {self.next_score:.1f}"
        means = ", ".join(f"{shown(gene)} {value:.1f}" for gene, value in self.genes)
        return f"{means} standard deviations above the mean; next {shown(display_name(self.next_name))}"


def suggest_names(found: MarkerScores, labels: np.ndarray) -> tuple[Suggestion, ...]:
    """Suggest a name for each domain of any result.

    Parameters
    ----------
    found : MarkerScores
    labels : ndarray of shape (n_spots,), int

    Returns
    -------
    tuple of Suggestion
        By cluster. Two clusters may have one name: parts of one domain.
    """
    return tuple(_suggestion(found, int(cluster), labels == cluster) for cluster in np.unique(labels))


def _suggestion(found: MarkerScores, cluster: int, spots: np.ndarray) -> Suggestion:
    scores = found.scores[spots].mean(axis=0)
    best, second = np.argsort(-scores, kind="stable")[:2]
    clear = scores[best] > 0 and scores[best] - scores[second] > _CLEAR
    genes = sorted(
        ((gene, float(values[spots].mean())) for gene, values in found.genes[found.names[best]].items()),
        key=lambda one: -one[1],
    )
    runner_up = second if clear else best
    return Suggestion(
        cluster=cluster,
        name=found.names[best] if clear else "",
        score=float(scores[best]),
        next_name=found.names[runner_up],
        next_score=float(scores[runner_up]),
        genes=tuple(genes[:_N_GENES]),
    )


def suggested(suggestions: Sequence[Suggestion]) -> dict[int, str]:
    """Take the names that are clear.

    Parameters
    ----------
    suggestions : sequence of Suggestion

    Returns
    -------
    dict of int to str
        By cluster.
    """
    return {one.cluster: one.name for one in suggestions if one.name}
