"""What core computes, cached: samples, results and models, shared by all sessions.

What comes out is shared: it must never be changed. All that is large lies in one cache with a budget of bytes
(`SPCA_CACHE_MB`, 512 by default); what Streamlit's own caches hold is small, and the sample that was read last.
"""

import dataclasses
import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st

from core.coordinates import Coordinates
from core.depth import Bend, FoundDirection
from core.evaluation import share
from core.evaluation.share import Shares
from core.figures.depth_lines import depth_lines as depth_lines_of
from core.folders import models_folder, samples_folder
from core.io import lab
from core.io.lab import SampleSummary
from core.method import pipeline
from core.method.cache import StepCache, budget_bytes
from core.method.embeddings import embeddings as run_embeddings
from core.method.seeds import nth_start
from core.method.shared_genes import shared_genes as genes_of_all
from core.params import DirectionParams, MethodParams, PoolingParams, params_key
from core.result import Result
from core.sample import Sample

T = TypeVar("T")
Stamp = tuple[str, int, int]
"""Path, time of the last change and size: a file that changes on disk is read again."""


def samples() -> list[SampleSummary]:
    """List the samples, those that cannot be read among them; none where the folder does not exist."""
    folder = samples_folder()
    return _samples(folder, tuple(sorted(map(_stamp, folder.glob("*.*"))))) if folder.is_dir() else []


@st.cache_resource(max_entries=8, show_spinner=False)
def _samples(folder: Path, stamps: tuple[Stamp, ...]) -> list[SampleSummary]:
    del stamps  # part of the key only
    return lab.list_samples(folder)


def _stamp(path: Path) -> Stamp:
    status = path.lstat()
    return str(path), status.st_mtime_ns, status.st_size


def sample(summary: SampleSummary) -> Sample:
    """Read a sample."""
    stamp = _stamp(summary.path)
    return kept(lambda: _sample(stamp), "sample", repr(stamp))


# The sample read last is held here, too: one that is larger than the budget would else be read at every move.
@st.cache_resource(max_entries=1, show_spinner="Reading the sample")
def _sample(stamp: Stamp) -> Sample:
    return lab.read(Path(stamp[0]))


@st.cache_resource(show_spinner=False)
def _steps() -> StepCache:
    return StepCache(budget_bytes(os.environ.get("SPCA_CACHE_MB")))


def kept(make: Callable[[], T], *parts: str) -> T:
    """Look a value up in the cache that all sessions share, by the `parts` that it depends on, or make and keep it; it must never be changed."""
    return _steps().get(params_key(*parts), make)


def ready(sample: Sample, params: MethodParams) -> bool:
    """Whether a run needs no training."""
    return not params.embedding.needs_training or pipeline.has_model(sample, params, models_folder())


def cluster(sample: Sample, params: MethodParams) -> Result:
    """Run the method, or look the result up with the seconds it took at first; where :func:`ready` says no, this trains."""
    run = functools.partial(pipeline.run, sample, params, cache=_steps(), models=models_folder())
    return kept(run, "result", result_key(sample, params))


def result_key(sample: Sample, params: MethodParams) -> str:
    """Name a run: equal for equal data and parameters, whoever asks."""
    return params_key(sample.name, sample.content_hash, sample.annotation_hash, params)


def start(sample: Sample, params: MethodParams, index: int) -> Result:
    """Run again with the seed counted up by `place`; 0 is the run itself."""
    return cluster(sample, nth_start(params, index))


def embeddings(sample: Sample, result: Result) -> Callable[[], dict[str, np.ndarray]]:
    """Prepare to collect embeddings by their names in `obsm`, for a file that another thread makes later; none where a kept run's model was trained elsewhere."""
    if not ready(sample, result.params):
        return dict
    steps = pipeline.Pipeline(sample, cache=_steps(), models=models_folder())
    return functools.partial(run_embeddings, steps, result.params)


def distance_shares(sample: Sample, result: Result) -> Shares | None:
    """Split the distance that a run clustered by into position and expression; None where there is no distance, or its model was trained elsewhere."""
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
    """Trace lines of equal depth (x and y on the tissue in um), where depth bends and takes part in the clustering."""
    if found is None or found.bend is None or not found.takes_part:
        return ()
    return _depth_lines(params_key(sample.content_hash, found.bend), sample.coordinates, found.bend)


@st.cache_resource(max_entries=64, show_spinner=False)
def _depth_lines(key: str, _places: Coordinates, _bend: Bend) -> list[np.ndarray]:
    return depth_lines_of(_places, _bend)


def shown_direction(sample: Sample, result: Result) -> FoundDirection:
    """Find the direction along which to show depth: the run's, or the one that expression shows where the run had none."""
    if result.direction is not None:
        return result.direction
    params = dataclasses.replace(result.params, direction=DirectionParams(method="expression"))
    found = pipeline.Pipeline(sample, cache=_steps()).direction(params)
    return FoundDirection(angle=0.0, method="expression") if found is None else found


def found_angle(sample: Sample, params: MethodParams) -> float:
    """Find the angle in radians that a run finds by itself."""
    return shown_direction(sample, cluster(sample, params)).angle


def gene_names(sample: Sample) -> list[str]:
    """Name the genes: as the sample does, else by their column."""
    if sample.gene_names is None:
        return [f"Gene {column}" for column in range(sample.n_genes)]
    return [str(name) for name in sample.gene_names]


def shared_genes(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Find the genes that all sections have, by name."""
    return _shared_genes(tuple(sample.content_hash for sample in samples), samples)


@st.cache_resource(max_entries=64, show_spinner=False)
def _shared_genes(key: tuple[str, ...], _samples: Sequence[Sample]) -> tuple[str, ...]:
    del key  # part of the key only
    return genes_of_all(_samples)


def telling_gene(sample: Sample) -> int:
    """Choose the gene, by its column, whose pooled counts vary most over the tissue."""
    return _telling_gene(sample.content_hash, sample)


@st.cache_resource(max_entries=256, show_spinner=False)
def _telling_gene(key: str, _sample: Sample) -> int:
    return int(pipeline.Pipeline(_sample, cache=_steps()).pooled(PoolingParams()).var(axis=0).argmax())


def gene_counts(sample: Sample, gene: int, pooling: PoolingParams) -> np.ndarray:
    """Pool the counts of one gene, given by its column, at scale 1."""
    return pipeline.Pipeline(sample, cache=_steps()).pooled(pooling)[:, gene] / pooling.scale
