"""Several sections clustered as one, so that a label means the same in all of them.

Genes are matched by name and centred within each section; all sections share the directions of their factors, which no
neighbourhood across sections enters; each section is moved as a whole to where the others lie (:mod:`core.method.anchors`); one set
of mixtures and one consensus go over all spots; spots listen to their neighbours within their section. Depths that bend are each section's own; where
they can be brought onto one scale (:mod:`core.method.common_depth`) they enter two thirds of the mixtures. The annotation plays no part.
"""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from scipy import sparse

from core.averaging import Averaging, reaches
from core.coordinates import canonical_order
from core.depth import FoundDirection
from core.errors import ParameterError, SampleError
from core.evaluation.stability import stability
from core.method import mixture
from core.method.anchors import offsets
from core.method.bending import find_bend
from core.method.cache import StepCache
from core.method.common_depth import common_depths
from core.method.factors import RawFactors, raw_factors
from core.method.mixture_steps import DEPTH_WIDTHS, FITS_OF_A_KIND, beside_depth, widths_beside_depth
from core.method.neighbours import nearest_spots, neighbour_graph
from core.method.reach import find_averaging
from core.method.refinement import majority_vote
from core.method.scoring import scores_of
from core.method.settling import settled, to_neighbours
from core.method.shared_genes import counts_of, shared_genes
from core.method.timing import StepClock
from core.method.version import METHOD_VERSION
from core.params import DEFAULT_N_CLUSTERS, FOUND_WINDOW, MethodParams, PoolingParams, params_key
from core.result import Result, Scores
from core.sample import Sample

T = TypeVar("T")
OnStep = Callable[[float, str], None]
"""Told of the share of the work that is done, and of what comes next."""

N_FITS = 24
"""Fits that the consensus is made of: with 12, as one section has, the score depended twice as much on the seed."""

_WIDTHS_BESIDE_NONE = (*DEPTH_WIDTHS, 0.0)
"""Of a common depth in the fits: with none but those with depth, whole sections of cortex lost twice as much (`docs/accuracy.md`)."""

_ANCHORS_FROM, _FITS_FROM, _FITS_TO = 0.3, 0.4, 0.9  # shares of the work that are done when these begin, and end


class JointPipeline:
    """The steps on several sections.

    Parameters
    ----------
    samples : sequence of Sample
        Two or more; their order changes no label.
    cache : StepCache, optional
        Shared between runs; without one, nothing is kept after a run.
    on_step : callable, optional
        See :data:`OnStep`.

    Raises
    ------
    SampleError
        If there are fewer than two, two are the same or have one name, or their genes do not match by name.
    """

    def __init__(
        self, samples: Sequence[Sample], *, cache: StepCache | None = None, on_step: OnStep | None = None
    ) -> None:
        check_samples(samples)
        self.samples = tuple(samples)
        self.genes = shared_genes(samples)
        self._cache = StepCache(max_bytes=2**62) if cache is None else cache
        self._tell = on_step or (lambda share, words: None)
        # Work goes through the sections in an order fixed by what they hold, and through each from top to bottom.
        self._ranked = sorted(samples, key=_fingerprint)
        self._orders = [canonical_order(sample.positions) for sample in self._ranked]
        self._clock = StepClock()

    def run(self, params: MethodParams) -> dict[str, Result]:
        """Do all steps.

        Parameters
        ----------
        params : MethodParams
            Of the kind of `recommended`: spatial factors, tied mixture, and a bending depth or none.

        Returns
        -------
        dict of str to Result
            By the name of the section, in the order given. Labels mean the same in all; a section need not have every one.
            The seconds are of all sections together. `direction` is the section's own, and None where the sections have no
            depth in common.

        Raises
        ------
        ParameterError
            If the parameters ask for steps that sections cannot share.
        """
        check_params(params)
        self._clock.reset()
        with self._clock.timed("pool"):
            self.factors(params)
        with self._clock.timed("cluster"):
            labels = self.labels(params)
            found = self._scores(params, labels)
            directions = self.directions(params)
        self._tell(1.0, "Done")
        return {
            name: Result(
                sample_name=name,
                labels=labels[name],
                params=params,
                scores=scores,
                direction=directions.get(name),
                averaging=self.averaging(params),
                seconds=self._clock.seconds,
            )
            for name, scores in found.items()
        }

    def factors(self, params: MethodParams) -> dict[str, np.ndarray]:
        """Find the common factors; by section, ndarray of shape (n_spots, n_components).

        Parameters
        ----------
        params : MethodParams
        """
        parts = np.split(self._factors(params), np.cumsum([sample.n_spots for sample in self._ranked])[:-1])
        return {sample.name: part for sample, part in zip(self._ranked, parts, strict=True)}

    def labels(self, params: MethodParams) -> dict[str, np.ndarray]:
        """Cluster; by section, ndarray of shape (n_spots,), int.

        Parameters
        ----------
        params : MethodParams
        """
        agreed = self._by_section(self._agreed(params)[None])
        rounds = params.refinement.rounds
        found = {
            sample.name: majority_vote(agreed[sample.name][0], graph, rounds)
            for sample, graph in zip(self._ranked, self._neighbours(), strict=True)
        }
        return {sample.name: found[sample.name] for sample in self.samples}

    def _scores(self, params: MethodParams, labels: dict[str, np.ndarray]) -> dict[str, Scores]:
        fits, n_clusters = self._by_section(self._merged(params)), params.clustering.n_clusters
        return {
            sample.name: scores_of(
                sample,
                labels[sample.name],
                n_clusters,
                nearest=nearest_spots(sample.coordinates),
                steadiness=stability(fits[sample.name]),
            )
            for sample in self.samples
        }

    def _by_section(self, stacked: np.ndarray) -> dict[str, np.ndarray]:
        """Take partitions apart, and put the spots back into the order of their file; ndarray of shape (n_fits, n_spots)."""
        parts = np.split(stacked, np.cumsum([sample.n_spots for sample in self._ranked])[:-1], axis=1)
        found = {}
        for sample, order, part in zip(self._ranked, self._orders, parts, strict=True):
            found[sample.name] = np.empty(part.shape, dtype=np.int64)
            found[sample.name][:, order] = part
        return found

    def averaging(self, params: MethodParams) -> Averaging | None:
        """Find how far to average: no further than suits each section; None where the window is given.

        Parameters
        ----------
        params : MethodParams
        """
        if params.pooling.window != FOUND_WINDOW:
            return None
        units = str([sample.unit_known for sample in self._ranked])
        return self._kept(lambda: self._find_averaging(params), "joint averaging", *_factors_key(params), units)

    def _find_averaging(self, params: MethodParams) -> Averaging:
        sections = zip(self._raw(params), self._ranked, strict=True)
        return min((find_averaging(raw, sample.coordinates) for raw, sample in sections), key=lambda found: found.hops)

    def directions(self, params: MethodParams) -> dict[str, FoundDirection]:
        """Find the bending depth of each section, by its name in the order given; empty where they have none in common.

        Parameters
        ----------
        params : MethodParams
        """
        if self._depths(params) is None:
            return {}
        found = {sample.name: bend for sample, bend in zip(self._ranked, self._bends(params), strict=True)}
        return {sample.name: found[sample.name] for sample in self.samples}

    def _bends(self, params: MethodParams) -> list[FoundDirection]:
        degree = str(params.direction.degree)
        return self._kept(lambda: self._find_bends(params), "joint bends", *_factors_key(params), degree)

    def _find_bends(self, params: MethodParams) -> list[FoundDirection]:
        factors, degree = self.factors(params), params.direction.degree
        self._tell(_ANCHORS_FROM, "Follows the layers of each section")
        return [
            find_bend(factors[sample.name], sample.coordinates, degree, graph)
            for sample, graph in zip(self._ranked, self._neighbours(), strict=True)
        ]

    def _depths(self, params: MethodParams) -> np.ndarray | None:
        """Depth on one scale, all sections below one another as :meth:`_factors`; None where there is none."""
        if params.direction.method != "bending":
            return None
        found = self._kept(
            lambda: common_depths(
                list(self.factors(params).values()),
                [sample.coordinates for sample in self._ranked],
                self._bends(params),
            ),
            "joint depths", *_factors_key(params), str(params.direction.degree),
        )  # fmt: skip
        return None if found is None else np.concatenate(found)

    def _reaches(self, params: MethodParams) -> tuple[int, ...]:
        return reaches(params.pooling.window, self.averaging(params))

    def _factors(self, params: MethodParams, hops: int | None = None) -> np.ndarray:
        """All sections below one another, in the order of their files; averaged as far as they are at most by default."""
        hops = self._reaches(params)[-1] if hops is None else hops
        return self._kept(lambda: self._find_factors(params, hops), "joint factors", *_factors_key(params), str(hops))

    def _raw(self, params: MethodParams) -> list[RawFactors]:
        return self._kept(lambda: self._find_raw(params), "joint raw factors", *_factors_key(params))

    def _find_raw(self, params: MethodParams) -> list[RawFactors]:
        self._tell(0.0, f"Finds factors of {len(self.genes):,} shared genes")
        counts = [counts_of(sample, self.genes) for sample in self._ranked]
        coordinates = [sample.coordinates for sample in self._ranked]
        logged = [sample.is_logged for sample in self._ranked]
        n_factors, scale = params.embedding.n_components, params.pooling.scale
        return raw_factors(counts, coordinates, n_factors, scale, logged, graphs=self._neighbours())

    def _neighbours(self) -> list[sparse.csr_array]:
        """Graph of each section, none of which crosses to another."""
        return self._kept(lambda: [neighbour_graph(sample.coordinates) for sample in self._ranked], "joint neighbours")

    def _find_factors(self, params: MethodParams, hops: int) -> np.ndarray:
        found = [raw.averaged(hops) for raw in self._raw(params)]
        self._tell(_ANCHORS_FROM, "Brings the sections together")
        moved = offsets([values[order] for values, order in zip(found, self._orders, strict=True)])
        return np.vstack([values + move for values, move in zip(found, moved, strict=True)])

    def _agreed(self, params: MethodParams) -> np.ndarray:
        n_clusters = params.clustering.n_clusters
        return self._kept(lambda: self._find_agreed(params), "joint labels", *_fits_key(params), str(n_clusters))

    def _find_agreed(self, params: MethodParams) -> np.ndarray:
        partitions, clustering = self._merged(params), params.clustering
        in_place = _on_a_line(partitions.shape[1])
        labels = mixture.consensus(partitions, in_place, clustering.n_clusters, clustering.random_state)
        graphs = sparse.csr_array(sparse.block_diag([raw.graph for raw in self._raw(params)]))
        return settled(labels, partitions, clustering.n_clusters, to_neighbours(graphs))

    def _merged(self, params: MethodParams) -> np.ndarray:
        """Fits of the mixture, merged down to the number of clusters, over all spots in the order of work."""
        return self._kept(
            lambda: np.concatenate([self._merged_of_a_kind(params, *kind) for kind in enumerate(self._kinds(params))]),
            "joint merged", *_fits_key(params), str(params.clustering.n_clusters),
        )  # fmt: skip

    def _kinds(self, params: MethodParams) -> list[tuple[int, float]]:
        """List the reaches of averaging and the widths of depth that fits have by turns."""
        shares = (0.0,) if self._depths(params) is None else _WIDTHS_BESIDE_NONE
        return list(itertools.product(self._reaches(params), shares))

    def _merged_of_a_kind(self, params: MethodParams, number: int, kind: tuple[int, float]) -> np.ndarray:
        (hops, share), n_kinds, n_clusters = kind, len(self._kinds(params)), params.clustering.n_clusters
        depths, n_fits = self._depths(params) if share else None, max(FITS_OF_A_KIND, N_FITS // n_kinds)
        features = self._factors(params, hops)
        features = self._in_order(features if depths is None else beside_depth(features, depths, share))
        widths = widths_beside_depth(features.shape[1], share, params.clustering.x_weight)
        coordinates = _on_a_line(len(features))
        fits = self._kept(
            lambda: mixture.fit_many(
                features, coordinates, n_clusters, (params.clustering.random_state, number), widths, n_fits=n_fits,
                on_fit=lambda fit, of: self._on_fit(number * of + fit, n_kinds * of),
            ),
            "joint fits", *_fits_key(params), repr(mixture.sizes(n_clusters)), repr(kind),
        )  # fmt: skip
        if number + 1 == n_kinds:
            self._tell(_FITS_TO, "Keeps what the fits agree on")
        return mixture.merge_each(fits, features, coordinates, n_clusters, widths)

    def _in_order(self, stacked: np.ndarray) -> np.ndarray:
        firsts = np.cumsum([0, *(len(order) for order in self._orders[:-1])])
        return stacked[np.concatenate([first + order for first, order in zip(firsts, self._orders, strict=True)])]

    def _on_fit(self, done: int, of: int) -> None:
        self._tell(_FITS_FROM + (_FITS_TO - _FITS_FROM) * done / of, f"Mixture {done} of {of}")

    def _kept(self, compute: Callable[[], T], step: str, *parts: object) -> T:
        contents = [sample.content_hash for sample in self._ranked]
        return self._cache.get(params_key(str(METHOD_VERSION), step, *contents, *parts), compute)


def suggested_n_clusters(samples: Sequence[Sample]) -> int:
    """Suggest how many clusters to ask for.

    Parameters
    ----------
    samples : sequence of Sample

    Returns
    -------
    int
        As many as there are annotated classes in any of them, the unannotated not counted; without an annotation 8.
    """
    return len({layer for sample in samples for layer in sample.layer_names}) or DEFAULT_N_CLUSTERS


def check_params(params: MethodParams) -> None:
    """Refuse steps that sections cannot share.

    Parameters
    ----------
    params : MethodParams

    Raises
    ------
    ParameterError
        Unless they ask for spatial factors, the tied mixture, and no direction but a bending depth.
    """
    embedding, read_out, direction = params.embedding.kind, params.clustering.read_out, params.direction.method
    if (embedding, read_out) != ("factors", "mixture") or direction not in ("off", "bending"):
        raise ParameterError(
            f"The embedding is {embedding!r}, the read-out {read_out!r} and the direction {direction!r}, but sections are "
            "clustered together by 'factors' and 'mixture', with a depth that bends or none: positions mean nothing "
            "between sections. Start from the preset `recommended`."
        )


def check_samples(samples: Sequence[Sample]) -> None:
    """Refuse sections that cannot be clustered together.

    Parameters
    ----------
    samples : sequence of Sample

    Raises
    ------
    SampleError
        If there are fewer than two, or two are the same or have one name.
    """
    if len(samples) < 2:
        raise SampleError("Clustering together takes two sections or more: name another one.")
    met: dict[str, str] = {}
    for sample in samples:
        if sample.content_hash in met:
            raise SampleError(
                f"{sample.name} and {met[sample.content_hash]} hold the same counts at the same positions: name each "
                "section once."
            )
        if sample.name in met.values():
            raise SampleError(f"Two sections are called {sample.name}, by which results are told apart: rename a file.")
        met[sample.content_hash] = sample.name


def _fingerprint(sample: Sample) -> str:
    """Digest that neither the order of the spots nor that of the genes, nor the name of the section changes."""
    order = canonical_order(sample.positions)
    digest = hashlib.sha256(np.ascontiguousarray(sample.positions[order]).tobytes())
    for axis in (0, 1):
        sums = np.sort(np.asarray(sample.expression.sum(axis=axis), dtype=np.float64).ravel())
        digest.update(np.round(sums, 6).tobytes())  # the last digits of a sum depend on its order
    return digest.hexdigest()


def _on_a_line(n_spots: int) -> np.ndarray:
    """Coordinates of spots that are in the order of work already."""
    return np.column_stack((np.arange(n_spots), np.zeros(n_spots)))


def _factors_key(params: MethodParams) -> tuple[str, PoolingParams]:
    return str(params.embedding.n_components), params.pooling


def _fits_key(params: MethodParams) -> tuple[object, ...]:
    clustering = params.clustering
    return *_factors_key(params), params.direction, str(clustering.x_weight), str(clustering.random_state)
