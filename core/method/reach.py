"""How far to average: the number of rings of neighbours after which factors are expected to lie nearest to what is there.

Averaging over neighbours takes noise away, and blurs. What it leaves is estimated without knowing what is there, by Stein's
unbiased estimate of risk (Stein 1981, doi 10.1214/aos/1176345632): with S averaging h times, x the factors of n spots and s2 the
variance of their noise, the mean squared error is |x - S x|^2 / n - s2 + 2 s2 trace(S) / n. The noise is what geostatistics calls the
nugget: what the correlation of spots, followed from the second ring over the first to a distance of zero, lacks to 1.
"""

import numpy as np
from scipy import sparse

from core.averaging import Averaging
from core.coordinates import Coordinates
from core.method.factors import RawFactors
from core.method.neighbours import mean_over_neighbours
from core.method.products import product, rows_of
from core.method.threads import one_thread
from core.side_by_side import by_blocks

MOST_HOPS = 4
"""Rings that are tried at most."""

_AS_GOOD = 0.1
"""Share of the least loss that may be lost more: risk hardly grows beyond its least, and what is blurred no step brings back."""

_CLEARLY = 0.2
"""Share of the variance that one ring must lose against none before spots are not averaged at all: the estimated noise, followed
from two rings to a distance of zero, may be wrong by as much. On spots 200 um apart one ring loses 0.32 to 0.44, and on 300 to 600
spots of finer tissue, which gain by averaging, up to 0.12."""

_N_MEASURED = 20_000  # spots whose neighbours' distance is measured; of more these are enough for a median

_ROWS = 131_072  # of a block of sparse products; scipy clears an entry for every spot before each, so that small ones take longer


def find_averaging(raw: RawFactors, coordinates: Coordinates) -> Averaging:
    """Find how far expression should be averaged on this tissue.

    Parameters
    ----------
    raw : RawFactors
        Not averaged.
    coordinates : Coordinates

    Returns
    -------
    Averaging
        0 hops where neighbours differ by more than their noise, as spots do that lie further apart than domains are wide.
    """
    with one_thread():
        factors = raw.values - raw.values.mean(axis=0)
        noise = noise_share(factors, raw.graph)
        losses = risks(factors, raw.graph, noise)
        hops = _fewest(losses)
    return Averaging(hops=hops, noise=noise, spacing_um=_spacing_um(raw, coordinates))


def _fewest(losses: np.ndarray) -> int:
    """Choose the fewest rings that are about as good as the best."""
    first = int(losses[1] - losses[0] <= _CLEARLY)
    least = losses[first:].min()
    return first + int(np.flatnonzero(losses[first:] <= least + _AS_GOOD * abs(least))[0])


def _spacing_um(raw: RawFactors, coordinates: Coordinates) -> float | None:
    """Distance of the third nearest neighbour, the median over spots: half of the six lie so near, and on a square grid its sides."""
    n_spots = raw.graph.shape[0]
    spots = np.linspace(0, n_spots - 1, min(n_spots, _N_MEASURED)).astype(int)
    links = raw.graph[spots].tocoo()
    if not coordinates.unit_known or links.nnz == 0:
        return None
    tissue_um = coordinates.tissue_um[raw.order]
    apart = np.linalg.norm(tissue_um[spots[links.row]] - tissue_um[links.col], axis=1)
    apart, n_links = apart[np.lexsort((apart, links.row))], np.bincount(links.row, minlength=len(spots))
    third = (np.cumsum(n_links) - n_links + np.minimum(n_links, 3) - 1)[n_links > 0]
    return float(np.median(apart[third]))


def noise_share(factors: np.ndarray, graph: sparse.csr_array) -> float:
    """Estimate the share of the variance between spots that is noise.

    Parameters
    ----------
    factors : ndarray of shape (n_spots, n_factors)
        Centred.
    graph : csr_array of shape (n_spots, n_spots)
        Of neighbours.

    Returns
    -------
    float
        From 0 to 1. Correlation is taken to fall by the same factor from ring to ring.
    """
    variance = max(float(np.square(factors).mean()), 1e-300)
    first = _correlation(factors, product(graph, factors), graph.nnz, variance)
    second = _correlation(factors, *_beside_second_ring(factors, graph), variance)
    if first <= 0:
        return 1.0
    return float(np.clip(1 - first**2 / second, 0, 1)) if second > 0 else 0.0


def risks(factors: np.ndarray, graph: sparse.csr_array, noise: float) -> np.ndarray:
    """Estimate what is lost by averaging 0, 1, 2, ... times.

    Parameters
    ----------
    factors : ndarray of shape (n_spots, n_factors)
        Centred.
    graph : csr_array of shape (n_spots, n_spots)
    noise : float
        Share of their variance.

    Returns
    -------
    ndarray of shape (MOST_HOPS + 1,)
        Mean squared errors, as shares of the variance.
    """
    smooth = mean_over_neighbours(graph, own_weight=1.0)
    variance, averaged = max(float(np.square(factors).mean()), 1e-300), factors
    apart, found = np.empty_like(factors), [noise]
    between = [np.empty_like(factors), np.empty_like(factors)]
    for hop, trace in enumerate(_traces(smooth)):
        averaged = product(smooth, averaged, out=between[hop % 2])
        np.square(np.subtract(factors, averaged, out=apart), out=apart)
        found.append(float(apart.mean()) / variance - noise + 2 * noise * trace)
    return np.array(found)


def _correlation(factors: np.ndarray, beside: np.ndarray, n_pairs: int, variance: float) -> float:
    """Correlate factors with the sums of those that each spot is paired with, in place: of x_i x_j over pairs it is x_i (G x)_i."""
    beside *= factors
    return float(beside.mean() * len(factors) / max(n_pairs, 1) / variance)


def _beside_second_ring(factors: np.ndarray, graph: sparse.csr_array) -> tuple[np.ndarray, int]:
    """Add up the factors of each spot's second ring; gives how many pairs those are, too. The rings are never there as a whole."""
    found, n_pairs = np.empty_like(factors), np.zeros(len(factors), dtype=np.int64)

    def add_up(rows: slice) -> None:
        ring = _second_ring(graph, rows)
        found[rows], n_pairs[rows] = ring @ factors, np.diff(ring.indptr)

    by_blocks(add_up, len(factors), _ROWS)
    return found, int(n_pairs.sum())


def _second_ring(graph: sparse.csr_array, rows: slice) -> sparse.csr_array:
    first = rows_of(graph, rows)
    within = sparse.csr_array(first + sparse.eye_array(*first.shape, k=rows.start, format="csr"))
    reached = sparse.csr_array(first @ graph)
    for links in (within, reached):
        links.data[:] = 1.0
    ring = sparse.csr_array(reached - reached.multiply(within))
    ring.eliminate_zeros()
    return ring


def _traces(smooth: sparse.csr_array) -> list[float]:
    """Mean of the diagonal of each power; that of A B is the sum of A times B transposed, entry by entry, so two steps do for four."""
    turned, n_spots = _transposed(smooth), smooth.shape[0]
    # Of two, three and four steps, by the first row of their block.
    entries: tuple[dict[int, np.ndarray], ...] = ({}, {}, {})

    def multiply(rows: slice) -> None:  # a block at a time, since two steps from every spot would fill much memory
        once, once_turned = rows_of(smooth, rows), rows_of(turned, rows)
        twice = once @ smooth
        pairs = (once, once_turned), (twice, once_turned), (twice, once_turned @ turned)
        for of_block, (some, others) in zip(entries, pairs, strict=True):
            of_block[rows.start] = some.multiply(others).data

    by_blocks(multiply, n_spots, _ROWS)
    sums = [np.concatenate([of_block[first] for first in sorted(of_block)]).sum() for of_block in entries]
    return [float(total) / n_spots for total in (smooth.diagonal().sum(), *sums)]


def _transposed(smooth: sparse.csr_array) -> sparse.csr_array:
    """Transpose means in which each spot weighs as much as a neighbour: links go both ways, and all of a row weigh the same."""
    weights = smooth.data[smooth.indptr[:-1]]
    return sparse.csr_array((weights[smooth.indices], smooth.indices, smooth.indptr), shape=smooth.shape)
