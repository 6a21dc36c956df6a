"""Spatial factors: the directions of expression that change smoothly over the tissue, measured against noise.

Principal components of log counts are turned so that the first factor differs least between neighbours for how much it varies
over the tissue, and so on; each is scaled to the noise between neighbours. In the words of remote sensing this is the minimum
noise fraction (Green et al. 1988, doi 10.1109/36.3001), in those of morphometry, maximum autocorrelation factors.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import eigh

from core.coordinates import Coordinates, canonical_order
from core.errors import ParameterError
from core.method.neighbours import averaged, averaged_by, in_order, mean_over_neighbours, nearest_spots, neighbour_graph
from core.method.normalisation import log_normalised_together
from core.method.products import product, reordered
from core.method.threads import one_thread
from core.sample import Expression
from core.side_by_side import AT_ONCE
from core.text import counted

N_COMPONENTS = 50
"""Principal components that factors are made of."""

_SIGNAL_HOPS = 3  # what is left after averaging so often counts as signal
_EXACT_UP_TO = 3000  # genes for which the eigenvectors of the whole covariance are quick
_ROWS = 4096  # rows made dense at once
_PRODUCTS_AT_ONCE = 8
_ENTRIES = 1 << 20  # of sparse values that are averaged at once
_EXTRA_DIRECTIONS = 14
_ROUNDS = 4
_RIDGE = 1e-9  # of the mean variance: keeps the noise invertible


def spatial_factors(
    expression: Expression, coordinates: Coordinates, n_factors: int, hops: int, scale: float = 1.0
) -> np.ndarray:
    """Find the directions of expression that stand out most from the noise between neighbours.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts. Never made dense as a whole where they are sparse. Not modified.
    coordinates : Coordinates
    n_factors : int
        Fewer are given where spots or genes are fewer.
    hops : int
        How often each spot's factors are averaged with its neighbours'.
    scale : float
        As for :func:`core.method.normalisation.log_normalised_together`.

    Returns
    -------
    ndarray of shape (n_spots, n_factors)
        In standard deviations of the noise between neighbours, strongest first; centred. The sign of a factor means nothing.

    Raises
    ------
    ParameterError
        If there are fewer than 3 spots or 2 genes.

    Notes
    -----
    Works through the spots in an order fixed by their positions, on one thread: the same tissue gives the same factors,
    however its file is sorted and however many processors there are.
    """
    return raw_factors([expression], [coordinates], n_factors, scale)[0].averaged(hops)


@dataclass(frozen=True, slots=True, eq=False)
class RawFactors:
    """Factors of a section before spots are averaged with their neighbours, which takes hardly any time.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_factors)
        In the canonical order of the spots.
    graph : csr_array of shape (n_spots, n_spots)
        Of neighbours, in the same order.
    order : ndarray of shape (n_spots,), int
        Index of each spot in its file.
    """

    values: np.ndarray
    graph: sparse.csr_array
    order: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes in use."""
        held = self.values, self.order, self.graph.data, self.graph.indices, self.graph.indptr
        return sum(part.nbytes for part in held)

    def averaged(self, hops: int) -> np.ndarray:
        """Average each spot's factors with its neighbours', again and again.

        Parameters
        ----------
        hops : int

        Returns
        -------
        ndarray of shape (n_spots, n_factors)
            As :func:`spatial_factors` gives them.
        """
        with one_thread():
            factors = averaged(self.values, self.graph, hops)
            factors -= factors.mean(axis=0)
        return _put_back(factors, self.order)


def raw_factors(
    expressions: Sequence[Expression],
    coordinates: Sequence[Coordinates],
    n_factors: int,
    scale: float = 1.0,
    logged: Sequence[bool] | None = None,
    *,
    graphs: Sequence[sparse.csr_array] | None = None,
    components: Sequence[np.ndarray] | None = None,
) -> list[RawFactors]:
    """Find the same directions for several sections, none of which is a neighbour of another, and average nothing yet.

    Parameters
    ----------
    expressions : sequence of ndarray or csr_array of shape (n_spots, n_genes)
        Counts of each section; the same genes in the same order. Not modified.
    coordinates : sequence of Coordinates
        Of each section.
    n_factors, scale
        As for :func:`spatial_factors`.
    logged : sequence of bool, optional
        Which sections hold logarithms already.
    graphs : sequence of csr_array of shape (n_spots, n_spots), optional
        Neighbours of each section, from :func:`core.method.neighbours.neighbour_graph`, where they are known already.
    components : sequence of ndarray of shape (n_spots, n_components), optional
        Of each section, from :func:`log_components`, where they are known already.

    Returns
    -------
    list of RawFactors
        Of each section; centred within it once they are averaged, since each section's genes are.

    Raises
    ------
    ParameterError
        If a section has fewer than 3 spots, or there are fewer than 2 genes.
    """
    for expression in expressions:
        _check_size(expression)
    orders = [canonical_order(of_section.positions) for of_section in coordinates]
    components = log_components(expressions, coordinates, scale, logged) if components is None else components
    with one_thread():
        known = map(neighbour_graph, coordinates) if graphs is None else graphs
        sorted_graphs = [in_order(graph, order) for graph, order in zip(known, orders, strict=True)]
        turned = _turned(components, sorted_graphs, n_factors)
    return [RawFactors(*parts) for parts in zip(turned, sorted_graphs, orders, strict=True)]


def log_components(
    expressions: Sequence[Expression],
    coordinates: Sequence[Coordinates],
    scale: float = 1.0,
    logged: Sequence[bool] | None = None,
) -> list[np.ndarray]:
    """Find the principal components of the log counts of several sections, each centred by its own mean.

    Parameters
    ----------
    expressions, coordinates, scale, logged
        As for :func:`raw_factors`.

    Returns
    -------
    list of ndarray of shape (n_spots, at most 50)
        Of each section, strongest first, in the canonical order of its spots.

    Raises
    ------
    ParameterError
        As :func:`raw_factors`.
    """
    for expression in expressions:
        _check_size(expression)
    orders = [canonical_order(of_section.positions) for of_section in coordinates]
    with one_thread():
        logs = log_normalised_together(  # beside which the counts in order have no name, and so are let go
            [reordered(expression, order) for expression, order in zip(expressions, orders, strict=True)], scale, logged
        )
        return _common_components(logs, N_COMPONENTS)


def averaged_components(
    expression: Expression,
    coordinates: Coordinates,
    n_components: int,
    rings: int,
    scale: float = 1.0,
    *,
    logged: bool = False,
    components: np.ndarray | None = None,
) -> np.ndarray:
    """Find the directions in which averaged log counts differ most, whatever is noise among them.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts, or logarithms. Not modified.
    coordinates : Coordinates
    n_components : int
        Fewer are given where spots or genes are fewer.
    rings : int
        Each spot is averaged with as many of its nearest as lie in so many rings of a full lattice, 6 and 18, also where spots are
        missing between them.
    scale : float
        As for :func:`spatial_factors`.
    logged : bool
        Whether expression holds logarithms already.
    components : ndarray of shape (n_spots, n_components), optional
        From :func:`log_components`, where they are known already.

    Returns
    -------
    ndarray of shape (n_spots, n_components)
        In units of log counts, strongest first; centred. The sign of a component means nothing.

    Raises
    ------
    ParameterError
        If there are fewer than 3 spots or 2 genes.

    Notes
    -----
    Averaged are the first 50 principal components, since all genes of very many spots would not find room.
    """
    _check_size(expression)
    order = canonical_order(coordinates.positions)
    sorted_components = (
        log_components([expression], [coordinates], scale, [logged])[0] if components is None else components
    )
    with one_thread():
        components = _put_back(sorted_components, order)
        nearest = nearest_spots(coordinates, 3 * rings * (rings + 1)).T
        total = components.copy()
        for others in nearest:
            total += components[others]
        found = leading_components((total / (1 + len(nearest)))[order], n_components)
    return _put_back(found, order)


def _check_size(expression: Expression) -> None:
    if expression.shape[0] < 3 or expression.shape[1] < 2:
        raise ParameterError(
            f"{counted(expression.shape[0], 'spot')} and {counted(expression.shape[1], 'gene')} are too few for spatial factors: choose another "
            "embedding."
        )


def _put_back(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    found = np.empty_like(values)
    found[order] = values
    return found


def leading_components(values: Expression, n_components: int) -> np.ndarray:
    """Project onto the first principal components, without a dense copy of sparse values.

    Parameters
    ----------
    values : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    n_components : int
        Fewer are given where spots or genes are fewer.

    Returns
    -------
    ndarray of shape (n_spots, n_components)
        Centred.
    """
    mean, directions = leading_directions(values, n_components)
    return np.asarray(values @ directions - mean @ directions)


def leading_directions(values: Expression, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the mean and the first principal directions, without a dense copy of sparse values.

    Parameters
    ----------
    values : ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    n_components : int
        Fewer are given where spots or genes are fewer.

    Returns
    -------
    mean : ndarray of shape (n_genes,)
    directions : ndarray of shape (n_genes, n_components)
        Orthonormal columns, strongest first.
    """
    means, directions = common_directions([values], n_components)
    return means[0], directions


def _common_components(sections: Sequence[Expression], n_components: int) -> list[np.ndarray]:
    return project_each(sections, *common_directions(sections, n_components))


def common_directions(sections: Sequence[Expression], n_components: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Find the principal directions of several sections, each centred by its own mean.

    Parameters
    ----------
    sections : sequence of ndarray or csr_array of shape (n_spots, n_genes)
        Not modified.
    n_components : int
        Fewer are given where spots or genes are fewer.

    Returns
    -------
    list of ndarray of shape (n_genes,)
        Mean of each section.
    ndarray of shape (n_genes, n_components)
        Orthonormal columns, strongest first.
    """
    n_genes = sections[0].shape[1]
    n_components = min(n_components, sum(values.shape[0] for values in sections) - 1, n_genes)
    means = [_means(values) for values in sections]
    if n_genes <= _EXACT_UP_TO:
        return means, np.linalg.eigh(_covariance(sections, means))[1][:, ::-1][:, :n_components]
    return means, _randomised_directions(sections, means, n_components)


def _means(values: Expression) -> np.ndarray:
    """Average each gene in the order of the spots, to the last bit as scipy does, which copies all sparse values for it."""
    if isinstance(values, np.ndarray):
        return np.asarray(values.mean(axis=0))
    means, share = np.zeros(values.shape[1]), 1.0 / values.shape[0]
    for first in range(0, values.nnz, _ENTRIES):
        block = slice(first, first + _ENTRIES)
        np.add.at(means, values.indices[block], values.data[block] * share)
    return means


def project_each(sections: Sequence[Expression], means: Sequence[np.ndarray], basis: np.ndarray) -> list[np.ndarray]:
    """Project sections, each centred by its own mean, onto directions.

    Parameters
    ----------
    sections : sequence of ndarray or csr_array of shape (n_spots, n_genes)
    means : sequence of ndarray of shape (n_genes,)
    basis : ndarray of shape (n_genes, n_directions)

    Returns
    -------
    list of ndarray of shape (n_spots, n_directions)
    """
    projected = [_projected(values, basis) for values in sections]
    for values, mean in zip(projected, means, strict=True):
        values -= mean @ basis  # in place: of very many spots there is no room for another
    return projected


def _projected(values: Expression, basis: np.ndarray) -> np.ndarray:
    return product(values, basis) if sparse.issparse(values) else np.asarray(values @ basis)


def _covariance(sections: Sequence[Expression], means: Sequence[np.ndarray]) -> np.ndarray:
    total = np.zeros((len(means[0]), len(means[0])))
    with ThreadPoolExecutor(AT_ONCE) as workers:
        for values, mean in zip(sections, means, strict=True):

            def squares(first: int, values: Expression = values, mean: np.ndarray = mean) -> np.ndarray:
                block = values[first : first + _ROWS]
                centred = (block.toarray() if sparse.issparse(block) else block) - mean
                return np.asarray(centred.T @ centred)

            begins = range(0, values.shape[0], _ROWS)
            # A few at a time, since each product may be large; added up in the order of the spots.
            for few in range(0, len(begins), _PRODUCTS_AT_ONCE):
                for of_block in workers.map(squares, begins[few : few + _PRODUCTS_AT_ONCE]):
                    total += of_block
    return total


def _randomised_directions(
    sections: Sequence[Expression], means: Sequence[np.ndarray], n_components: int
) -> np.ndarray:
    """Halko, Martinsson and Tropp 2011 (doi 10.1137/090771806): rounds of multiplying and orthogonalising."""
    rng, n_genes, n_spots = np.random.default_rng(0), len(means[0]), sum(values.shape[0] for values in sections)
    basis = rng.standard_normal((n_genes, min(n_components + _EXTRA_DIRECTIONS, n_spots, n_genes)))
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(_squared_product(sections, means, basis))[0]
    projected = np.vstack(project_each(sections, means, basis))
    inner = np.linalg.eigh(projected.T @ projected)[1][:, ::-1][:, :n_components]
    return np.asarray(basis @ inner)


def _squared_product(sections: Sequence[Expression], means: Sequence[np.ndarray], basis: np.ndarray) -> np.ndarray:
    total = np.zeros_like(basis)
    for values, mean, projected in zip(sections, means, project_each(sections, means, basis), strict=True):
        total += values.T @ projected - np.outer(mean, projected.sum(axis=0))
    return total


def _turned(sections: Sequence[np.ndarray], graphs: Sequence[sparse.csr_array], n_factors: int) -> list[np.ndarray]:
    components, graph = _stacked(sections), sparse.csr_array(sparse.block_diag(graphs, format="csr"))
    ends = np.cumsum([len(values) for values in sections])[:-1]
    return np.split(components @ noise_scaled_directions(components, graph, ends)[:, :n_factors], ends)


def noise_scaled_directions(
    components: np.ndarray, graph: sparse.csr_array, ends: Sequence[int] | np.ndarray = ()
) -> np.ndarray:
    """Turn components so that signal stands out from noise, and scale them to the noise.

    Parameters
    ----------
    components : ndarray of shape (n_spots, n_components)
        Centred. Not modified.
    graph : csr_array of shape (n_spots, n_spots)
        Of neighbours.
    ends : sequence of int
        Where each section ends and the next begins; signal is what varies within sections.

    Returns
    -------
    ndarray of shape (n_components, n_components)
        Columns, strongest first: `components @ directions` differ from the means of their neighbours by unit variance.
    """
    smooth = mean_over_neighbours(graph, own_weight=1.0)
    noise = product(mean_over_neighbours(graph, own_weight=0.0), components)
    np.subtract(components, noise, out=noise)
    noise_squares = noise.T @ noise
    squares = np.square(
        components, out=noise
    ).sum()  # one array for all three: of very many spots there is no room for others
    noise_squares[np.diag_indices_from(noise_squares)] += _RIDGE * max(squares, 1e-300)
    signal = averaged_by(smooth, components, _SIGNAL_HOPS, out=noise)
    for part in np.split(signal, np.asarray(ends, dtype=int)):
        part -= part.mean(axis=0)
    # eigh scales to unit sums of squares of noise; times sqrt(n_spots) that is unit variance.
    return np.asarray(eigh(signal.T @ signal, noise_squares)[1][:, ::-1] * np.sqrt(len(components)))


def _stacked(sections: Sequence[np.ndarray]) -> np.ndarray:
    """Lay sections below each other; one alone is not copied."""
    return sections[0] if len(sections) == 1 else np.vstack(sections)
