"""What core computes, cached: samples, results and models, shared by all sessions.

Sessions share the returned values, so never change them. Everything large lies in one cache with a budget of bytes
(`SPCA_CACHE_MB`). Streamlit's own caches hold only small values, and the sample that was read last.
"""

import dataclasses
import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st

from core import files
from core.annotation import compared
from core.annotation_history import Kept
from core.coordinates import Coordinates
from core.depth import Bend, FoundDirection
from core.errors import AnnotationError, SampleFileError
from core.evaluation import share, thickness, ways
from core.evaluation.rank_sums import names_of
from core.evaluation.share import Shares
from core.evaluation.thickness import Thicknesses
from core.figures.depth_lines import depth_lines as depth_lines_of
from core.folders import models_folder, samples_folder
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.io.lab import SampleSummary
from core.method import pipeline
from core.method.cache import StepCache, budget_bytes
from core.method.early_steps import OnStep
from core.method.embeddings import embeddings as run_embeddings
from core.method.expression_space import factor_space as factor_space_of
from core.method.inside import cut_to
from core.method.seeds import nth_start
from core.method.shared_genes import shared_genes as genes_of_all
from core.method.tree import DomainTree
from core.params import DirectionParams, MethodParams, PoolingParams, params_key
from core.result import Result
from core.sample import Sample
from core.text import shown
from ui.data import seats, truth
from ui.data.finding import Finding, begun
from ui.data.seats import Person

T = TypeVar("T")
Stamp = tuple[str, files.Stamp]
"""Path, and what changes with its contents: a file that changes on disk is read again."""


def samples() -> list[SampleSummary]:
    """List the samples, including those that cannot be read; empty if the folder does not exist."""
    folder = samples_folder()
    return _samples(folder, tuple(sorted(_stamps(folder)))) if folder.is_dir() else []


@st.cache_resource(max_entries=8, show_spinner=False)
def _samples(folder: Path, stamps: tuple[Stamp, ...]) -> list[SampleSummary]:
    del stamps  # part of the key only
    return list(map(_nameable, lab.list_samples(folder)))


def _nameable(summary: SampleSummary) -> SampleSummary:
    """Say of a file that no link can name it, where the bytes of its name are no text."""
    try:
        summary.path.name.encode()
    except UnicodeEncodeError:
        problem = f"The name of {shown(summary.path.name)} is not written in UTF-8: give the file another name."
        return dataclasses.replace(summary, problem=problem)
    return summary


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()  # of what a link leads to, since that is what may change
    except OSError:
        status = path.lstat()
    return str(path), files.stamp_of(status)


def _stamps(folder: Path) -> Iterator[Stamp]:
    for path in folder.glob("*.*"):
        with suppress(FileNotFoundError):  # a draft that has got its name meanwhile
            yield os.fsencode(path).hex(), _stamp(path)[1]  # since a name need not be text


def sample(summary: SampleSummary) -> Sample:
    """Read a sample, with the annotation that this session compares it with in place of the file's: nowhere else is that decided."""
    own, wanted = file_sample(summary), truth.chosen(summary.path.name)
    if wanted == truth.OWN:
        return own
    try:
        given = None if wanted == truth.NONE else annotation(summary, wanted).annotation
    except AnnotationError:  # the picker in the sidebar says so
        return own
    state = "" if given is None else repr(given.changed)
    return kept(lambda: compared(own, given), "compared", own.content_hash, own.spots_hash, wanted, state)


def file_sample(summary: SampleSummary) -> Sample:
    """Read a sample with the annotation of its file; who deletes or replaces it need not ask those who have it open."""
    try:
        stamp = _stamp(summary.path)
    except OSError as error:
        raise SampleFileError(
            f"{shown(summary.path.name)} is not there any more ({error.strerror}): choose another sample, or put it back."
        ) from error
    return kept(lambda: _sample(stamp), "sample", repr(stamp))


def annotation(summary: SampleSummary, id: str) -> Kept:
    """Read an annotation of a sample, as it is on disk now."""
    store = AnnotationStore(summary.path, file_sample(summary))
    stamp = next((one for one in store.stamps() if one[0] == id), None)
    return kept(lambda: store.read(id), "annotation", str(store.folder), store.sample.spots_hash, repr(stamp or id))


# Also hold the sample read last: one larger than the budget would otherwise be read again at every move of a knob.
@st.cache_resource(max_entries=1, show_spinner="Reading the sample")
def _sample(stamp: Stamp) -> Sample:
    return lab.read(Path(stamp[0]))


@st.cache_resource(show_spinner=False)
def _steps() -> StepCache:
    return StepCache(budget_bytes(os.environ.get("SPCA_CACHE_MB")))


def kept(make: Callable[[], T], *parts: str) -> T:
    """Look up a value in the shared cache by the `parts` that it depends on, or make and keep it. Never change it."""
    return _steps().get(params_key(*parts), make)


def kept_in_turn(make: Callable[[], T], *parts: str) -> T:
    """As :func:`kept`, for what takes long: made within what one person may have of the server's time at once."""
    if is_kept(*parts):
        return kept(make, *parts)
    with seats.of_this_server().taken(Person.here()):
        return kept(make, *parts)


def is_kept(*parts: str) -> bool:
    """Whether a value is in the shared cache."""
    return params_key(*parts) in _steps()


def steps(sample: Sample) -> pipeline.Pipeline:
    """Join the steps of the method on a sample, which look up and keep in the shared cache."""
    return pipeline.Pipeline(sample, cache=_steps(), models=models_folder())


def digest_of(parts: Sequence[object]) -> str:
    """Make a key of many values, such as names, by how they are written."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def ready(sample: Sample, params: MethodParams) -> bool:
    """Whether a run needs no training."""
    return not params.embedding.needs_training or pipeline.has_model(sample, params, models_folder())


def is_found(sample: Sample, params: MethodParams) -> bool:
    """Whether the result of a run is there already."""
    return is_kept("result", result_key(sample, params))


def cluster(sample: Sample, params: MethodParams) -> Result:
    """Run the method, or look up its result with the seconds of the first run; trains if :func:`ready` is false."""
    run = functools.partial(pipeline.run, sample, params, cache=_steps(), models=models_folder())
    return kept_in_turn(run, "result", result_key(sample, params))


def find(sample: Sample, params: MethodParams, by: str = "") -> Finding | None:
    """Begin to run the method in a thread of its own, or join whoever began it; None where the result is there already."""
    key = result_key(sample, params)
    if is_found(sample, params):
        return None

    def run(tell: OnStep) -> Result:
        steps = pipeline.Pipeline(sample, cache=_steps(), models=models_folder(), on_step=tell)
        return kept(lambda: steps.run(params), "result", key)

    return begun(key, by, lambda: Finding(key, sample, params, run, by))


def tree(sample: Sample, params: MethodParams) -> DomainTree:
    """Make the tree of domains through the result of a run; its fits are those of the run, where they are still kept."""
    steps = pipeline.Pipeline(sample, cache=_steps(), models=models_folder())
    return kept_in_turn(lambda: steps.tree(params), "tree of domains", result_key(sample, params))


def factor_space(sample: Sample, params: MethodParams) -> np.ndarray:
    """Place spots by their factors, (n_spots, n_factors): those of a run, or those that its direction is found from."""
    return factor_space_of(pipeline.Pipeline(sample, cache=_steps(), models=models_folder()), params)


def inside(sample: Sample, spots: np.ndarray, name: str, params: MethodParams) -> Result:
    """Run the method on some spots alone (bool, one for each spot of the sample), which are called so in messages."""
    part = cut_to(sample, spots, name, params.clustering.n_clusters)
    digest = hashlib.sha256(np.packbits(spots).tobytes()).hexdigest()
    run = functools.partial(pipeline.run, part, params, cache=_steps(), models=models_folder())
    return kept_in_turn(run, "inside", sample.content_hash, digest, params_key(params))


def found(sample: Sample, params: MethodParams) -> Result:
    """Run the method as :func:`find` does, which tells later runs how long its steps take, and wait for the result."""
    finding = find(sample, params)
    return cluster(sample, params) if finding is None else finding.wait()


def result_key(sample: Sample, params: MethodParams) -> str:
    """Name a result: the same for the same data and parameters, for every user."""
    return params_key(sample.name, sample.content_hash, sample.annotation_hash, params)


def start(sample: Sample, params: MethodParams, index: int) -> Result:
    """Run again with the seed raised by `index`; 0 is the run itself."""
    return cluster(sample, nth_start(params, index))


def embeddings(sample: Sample, result: Result) -> Callable[[], dict[str, np.ndarray]]:
    """Prepare to collect embeddings by their names in `obsm`, for a file that another thread makes; empty without the run's model."""
    if not ready(sample, result.params):
        return dict
    steps = pipeline.Pipeline(sample, cache=_steps(), models=models_folder())
    return functools.partial(run_embeddings, steps, result.params)


def distance_shares(sample: Sample, result: Result) -> Shares | None:
    """Split the distance that a run clustered by into position and expression; None without a distance or the run's model."""
    params = result.params
    if not params.clustering.by_kmeans or not ready(sample, params):
        return None
    key = params_key(sample.content_hash, params.pooling, params.embedding)
    found = result.direction
    depths = found.depth(sample.coordinates) if found is not None and found.takes_part else None
    variance = _expression_variance(key, sample, params)
    return share.distance_shares(sample.positions, depths, variance, params.clustering.x_weight)


@st.cache_resource(max_entries=256, show_spinner=False)
def _expression_variance(key: str, _sample: Sample, _params: MethodParams) -> float:
    steps = pipeline.Pipeline(_sample, cache=_steps(), models=models_folder())
    return share.total_variance(steps.embedded(_params))


def depth_lines(sample: Sample, found: FoundDirection | None) -> Sequence[np.ndarray]:
    """Trace lines of equal depth (x and y on the tissue in um); empty unless depth bends and takes part."""
    if found is None or found.bend is None or not found.takes_part:
        return ()
    return _depth_lines(params_key(sample.content_hash, found.bend), sample.coordinates, found.bend)


@st.cache_resource(max_entries=64, show_spinner=False)
def _depth_lines(key: str, _coordinates: Coordinates, _bend: Bend) -> list[np.ndarray]:
    return depth_lines_of(_coordinates, _bend)


def positions_um(sample: Sample, found: FoundDirection) -> np.ndarray:
    """Measure how far along its way across the layers each spot lies."""
    key = params_key(sample.content_hash, str(sample.unit_known), found)
    return kept(lambda: ways.positions_um(found, sample.coordinates), "positions along ways", key)


def thicknesses(sample: Sample, result: Result, labels: np.ndarray | None = None) -> Thicknesses:
    """Measure domains (those of `labels`, where clusters have names) and layers along the ways across the layers."""
    labels, found = result.labels if labels is None else labels, shown_direction(sample, result)
    digest = hashlib.sha256("\n".join(map(str, labels.tolist())).encode()).hexdigest()
    key = params_key(sample.content_hash, sample.annotation_hash, str(sample.unit_known), found, digest)
    graph = steps(sample).neighbours()
    return kept(
        lambda: thickness.measure(found, sample.coordinates, labels, sample.labels_true, graph), "thickness", key
    )


def shown_direction(sample: Sample, result: Result) -> FoundDirection:
    """Find the direction along which to show depth: the run's own, or else the one found from expression."""
    if result.direction is not None:
        return result.direction
    params = dataclasses.replace(result.params, direction=DirectionParams(method="expression"))
    found = pipeline.Pipeline(sample, cache=_steps()).direction(params)
    return FoundDirection(angle=0.0, method="expression") if found is None else found


def direction(sample: Sample, params: MethodParams) -> FoundDirection | None:
    """Find the direction of a run, without clustering; None where it is off."""
    return pipeline.Pipeline(sample, cache=_steps(), models=models_folder()).direction(params)


def found_angle(sample: Sample, params: MethodParams) -> float:
    """Run the method, and give the angle in radians that it found."""
    return shown_direction(sample, cluster(sample, params)).angle


def gene_names(sample: Sample) -> list[str]:
    """Name the genes: by the sample's names, or else by their column."""
    return [str(name) for name in names_of(sample.gene_names, sample.n_genes)]


def shared_genes(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Find the genes that all sections have, by name."""
    return _shared_genes(tuple(sample.content_hash for sample in samples), samples)


@st.cache_resource(max_entries=64, show_spinner=False)
def _shared_genes(key: tuple[str, ...], _samples: Sequence[Sample]) -> tuple[str, ...]:
    del key  # part of the key only
    return genes_of_all(_samples)


def gene_names_in(summary: SampleSummary) -> frozenset[str] | None:
    """Read the names of the genes in a sample's file, without its counts; None where it has none."""
    return _gene_names_in(_stamp(summary.path))


@st.cache_resource(max_entries=256, show_spinner=False)
def _gene_names_in(stamp: Stamp) -> frozenset[str] | None:
    names = lab.read_gene_names(Path(stamp[0]))
    return None if names is None else frozenset(map(str, names)) - {""}


def telling_gene(sample: Sample) -> int:
    """Choose the gene, by its column, whose pooled counts vary most over the tissue."""
    return _telling_gene(sample.content_hash, sample)


@st.cache_resource(max_entries=256, show_spinner=False)
def _telling_gene(key: str, _sample: Sample) -> int:
    return int(pipeline.Pipeline(_sample, cache=_steps()).pooled(PoolingParams()).var(axis=0).argmax())


def gene_counts(sample: Sample, gene: int, pooling: PoolingParams) -> np.ndarray:
    """Pool the counts of one gene, given by its column, at scale 1."""
    return pipeline.Pipeline(sample, cache=_steps()).pooled(pooling)[:, gene] / pooling.scale
