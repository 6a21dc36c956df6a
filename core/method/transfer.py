"""Domains of a section from what annotated sections taught.

Each spot is compared with the means of the reference's domains. Where sections differ as wholes, and how domains look here, is
learnt from the section itself, without labels: means move as far as their spots say and are held by the reference; shares of the
domains lie between those found and those of the reference; along a depth that takes part, spots of one depth listen to each other.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter1d

from core.errors import TransferError
from core.method.neighbours import averaged
from core.method.normalisation import library_sizes, log_scaled
from core.method.reference import USUAL, squared_distances, strangeness
from core.method.shared_genes import MIN_SHARED
from core.method.threads import one_thread
from core.reference import Reference, species_of
from core.sample import Expression, Sample
from core.text import counted, listed, shown

_ROUNDS = 5  # of fitting means to the section
_HELD = 2.0  # by the reference: spots that its means count, in mean sizes of a domain
_PULL = 0.5  # of shares towards the reference's, on a logarithmic scale
_PULL_ROUNDS, _STEP = 30, 0.7
_PAINTED_WEIGHT = 60.0  # of a painted spot among the others, where means are fitted
_ALONG_DEPTH = 0.01  # of the spots, before and after one in the order of depth, that it listens to
_LEAST_SHARE = 1e-9
_N_EXAMPLES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transferred:
    """What a reference says of a section.

    Parameters
    ----------
    shares : ndarray of shape (n_spots, n_domains)
        How much each spot looks like each domain of the reference; rows add up to 1.
    unlike : ndarray of shape (n_spots,), bool
        Spots that with their neighbours lie further from all domains than hardly any spot of the reference.
    n_shared : int
        Genes that the section shares with the reference.
    """

    shares: np.ndarray
    unlike: np.ndarray
    n_shared: int

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return int(self.shares.nbytes + self.unlike.nbytes)


def shared_with(reference: Reference, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Match the genes of a sample with those of a reference, by name or by second name.

    Parameters
    ----------
    reference : Reference
    sample : Sample

    Returns
    -------
    ndarray of shape (n_shared,), int
        Genes of the reference.
    ndarray of shape (n_shared,), int
        Columns of the sample.

    Raises
    ------
    TransferError
        If the sample taught the reference, or has no gene names, or fewer than 50 genes match.
    """
    reference.check_not_of(sample.content_hash, sample.name)
    if sample.gene_names is None:
        raise TransferError(
            f"{shown(sample.name)} has no gene names, by which it is compared with a reference: import it again with them."
        )
    known = {name: index for index, name in enumerate(reference.ids) if name}
    known |= {name: index for index, name in enumerate(reference.genes)}
    found: dict[int, int] = {}
    for names in (sample.gene_names, sample.gene_ids):
        for column, name in enumerate(() if names is None else map(str, names)):
            if (index := known.get(name)) is not None:
                found.setdefault(index, column)
    if len(found) < MIN_SHARED:
        raise TransferError(_too_few(reference, sample, len(found)))
    genes = np.array(sorted(found))
    return genes, np.array([found[gene] for gene in genes.tolist()])


def _too_few(reference: Reference, sample: Sample, n_shared: int) -> str:
    names = [str(name) for name in np.asarray(sample.gene_names)]
    here, there = species_of(names), reference.species
    examples = f"{shown(sample.name)} has genes such as {listed([shown(name) for name in names[:_N_EXAMPLES]])}, the reference such as "
    examples += listed([shown(name) for name in reference.genes[:_N_EXAMPLES]])
    why = f"These look like genes of {here} and of {there}: choose a reference of the same species." if here and there and here != there else (
        "Use names of one kind, symbols or identifiers, or a reference with genes of this panel."
    )  # fmt: skip
    return (
        f"{shown(sample.name)} and the reference {listed([shown(name) for name in reference.samples])} share {counted(n_shared, 'gene')}, "
        f"but at least {MIN_SHARED} are needed: {examples}. {why}"
    )


def transfer(
    reference: Reference,
    sample: Sample,
    neighbours: sparse.csr_array,
    depth: np.ndarray | None,
    painted: np.ndarray | None = None,
) -> Transferred:
    """Compare each spot with the domains of a reference.

    Parameters
    ----------
    reference : Reference
    sample : Sample
        Its annotation plays no part.
    neighbours : csr_array of shape (n_spots, n_spots)
        Neighbours in the tissue.
    depth : ndarray of shape (n_spots,), optional
        Across the layers, in any unit, where it takes part.
    painted : ndarray of shape (n_spots,), int, optional
        Domain of the reference that people gave to a spot, below 0 for the others.

    Returns
    -------
    Transferred

    Raises
    ------
    TransferError
        As :func:`shared_with`.
    """
    genes, columns = shared_with(reference, sample)
    with one_thread():
        factors = _factors(reference, sample.expression[:, columns], genes, neighbours, logged=sample.is_logged)
        logs, shift = _fitted(reference, factors, _truth(painted, factors, len(reference.names)))
        shares = _along_depth(_shares(logs), depth)
        unlike = _unlike(reference, factors - shift, neighbours)
    return Transferred(shares=shares, unlike=unlike, n_shared=len(genes))


def _factors(
    reference: Reference, values: Expression, genes: np.ndarray, neighbours: sparse.csr_array, *, logged: bool
) -> np.ndarray:
    """Find the components that explain the shared genes best, and average their factors; spots without counts listen to others."""
    library = library_sizes(values)
    scale = reference.abundance[genes].sum() / np.maximum(library, 1.0)
    logs = values.astype(np.float64) if logged else log_scaled(values, scale)
    loadings, counted_there = reference.loadings[genes].astype(np.float64), library > 0
    projections = np.where(counted_there[:, None], logs @ loadings, 0.0)
    projections[counted_there] -= projections.sum(axis=0) / max(int(counted_there.sum()), 1)
    components = np.linalg.solve(loadings.T @ loadings + np.diag(reference.noise), projections.T).T
    factors = averaged(components @ reference.turn, neighbours, reference.hops)
    return np.asarray(factors - factors.mean(axis=0))


def _truth(painted: np.ndarray | None, factors: np.ndarray, n_domains: int) -> tuple[np.ndarray, np.ndarray]:
    """Which spots are known, and their domains as shares."""
    spots = np.flatnonzero(painted >= 0) if painted is not None else np.empty(0, dtype=np.int64)
    of = spots if painted is None else painted[spots]
    return spots, np.eye(n_domains)[of]


def _fitted(
    reference: Reference, factors: np.ndarray, truth: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Log densities of the domains as they look here, and by how much the whole section is moved."""
    means, spots = reference.means.copy(), len(factors)
    weights = np.ones(spots)
    weights[truth[0]] = _PAINTED_WEIGHT
    held, shift = _HELD * spots / len(means), np.zeros(factors.shape[1])
    for _ in range(_ROUNDS):
        shares = _shares(_pulled(_logs(reference, factors, means), reference.frequencies))
        shares[truth[0]] = truth[1]
        shares *= weights[:, None]
        sizes = shares.sum(axis=0)[:, None]
        moved = shares.T @ factors / np.maximum(sizes, _LEAST_SHARE) - reference.means
        shift = np.average(moved, axis=0, weights=sizes[:, 0])
        means = reference.means + shift + sizes / (sizes + held) * (moved - shift)
    return _pulled(_logs(reference, factors, means), reference.frequencies), shift


def _logs(reference: Reference, factors: np.ndarray, means: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(reference.frequencies) - 0.5 * squared_distances(factors, means, reference.within))


def _shares(logs: np.ndarray) -> np.ndarray:
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _pulled(logs: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Weigh domains so that their shares of the section lie between those found and those of the reference."""
    aim = _shares(logs).mean(axis=0) ** (1 - _PULL) * frequencies**_PULL
    aim, weights = aim / aim.sum(), np.zeros(len(frequencies))
    for _ in range(_PULL_ROUNDS):
        found = _shares(logs + weights).mean(axis=0)
        weights += _STEP * (np.log(aim + _LEAST_SHARE) - np.log(found + _LEAST_SHARE))
    return logs + weights


def _along_depth(shares: np.ndarray, depth: np.ndarray | None) -> np.ndarray:
    """Multiply by what spots of the same depth look like."""
    if depth is None:
        return shares
    order = np.argsort(depth, kind="stable")
    smooth = np.empty_like(shares)
    smooth[order] = gaussian_filter1d(shares[order], _ALONG_DEPTH * len(shares), axis=0, mode="nearest")
    return _shares(np.log(np.maximum(shares, _LEAST_SHARE)) + np.log(np.maximum(smooth, _LEAST_SHARE)))


def _unlike(reference: Reference, factors: np.ndarray, neighbours: sparse.csr_array) -> np.ndarray:
    """Compare distances with what is usual in each section: every section has noise of its own."""
    distances = strangeness(factors, reference.means, reference.within, neighbours)
    return np.asarray(distances / np.quantile(distances, USUAL) > reference.unusual / reference.usual)
