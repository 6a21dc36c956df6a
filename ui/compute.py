"""Cached doors into core: samples, results and models, shared by all sessions.

What comes out is shared: it must never be changed.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.io import lab_h5
from core.io.lab_h5 import SampleSummary
from core.method import pipeline
from core.method.cache import StepCache
from core.params import MethodParams, params_key
from core.result import AutoencoderReport, Result
from core.sample import Sample

if TYPE_CHECKING:
    from core.method.training import OnEpoch

_ROOT = Path(__file__).resolve().parents[1]

Stamp = tuple[str, int, int]
"""Path, time of the last change and size: a file that changes on disk is read again."""


def samples_folder() -> Path:
    """Where samples lie.

    Returns
    -------
    Path
        `SPCA_DATA` where it is set, else `spca_dat/` beside `app.py`.
    """
    return Path(os.environ.get("SPCA_DATA") or _ROOT / "spca_dat")


def models_folder() -> Path:
    """Where trained models are kept.

    Returns
    -------
    Path
        `SPCA_MODELS` where it is set, else `save_model/` beside `app.py`.
    """
    return Path(os.environ.get("SPCA_MODELS") or _ROOT / "save_model")


def samples() -> list[SampleSummary]:
    """List the samples, those that cannot be read among them.

    Returns
    -------
    list of SampleSummary
        Empty where the folder does not exist.
    """
    folder = samples_folder()
    return _samples(folder, tuple(sorted(map(_stamp, folder.glob("*.*"))))) if folder.is_dir() else []


@st.cache_resource(max_entries=8, show_spinner=False)
def _samples(folder: Path, stamps: tuple[Stamp, ...]) -> list[SampleSummary]:
    del stamps  # part of the key only
    return lab_h5.list_samples(folder)


def _stamp(path: Path) -> Stamp:
    status = path.lstat()
    return str(path), status.st_mtime_ns, status.st_size


def sample(summary: SampleSummary) -> Sample:
    """Read a sample.

    Parameters
    ----------
    summary : SampleSummary

    Returns
    -------
    Sample

    Raises
    ------
    SampleError
        If the file is not what a sample needs.
    """
    return _sample(_stamp(summary.path))


@st.cache_resource(max_entries=4, show_spinner="Reading the sample")
def _sample(stamp: Stamp) -> Sample:
    return lab_h5.read(Path(stamp[0]))


@st.cache_resource
def _steps() -> StepCache:
    return StepCache()


def ready(sample: Sample, params: MethodParams) -> bool:
    """Whether a run needs no training.

    Parameters
    ----------
    sample : Sample
    params : MethodParams

    Returns
    -------
    bool
    """
    return not params.embedding.needs_training or pipeline.has_model(sample, params, models_folder())


def train(sample: Sample, params: MethodParams, on_epoch: "OnEpoch") -> AutoencoderReport:
    """Train the autoencoder of a run and keep it.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    on_epoch : callable
        Told of every epoch.

    Returns
    -------
    AutoencoderReport
    """
    return pipeline.train(sample, params, models=models_folder(), cache=_steps(), on_epoch=on_epoch)


def cluster(sample: Sample, params: MethodParams) -> Result:
    """Run the method.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
        Where :func:`ready` says no, this trains.

    Returns
    -------
    Result
        Of the first time that these parameters were asked for, with the seconds that it took then.
    """
    key = params_key(sample.name, sample.content_hash, sample.annotation_hash, params)
    return _cluster(key, sample, params)


@st.cache_resource(max_entries=64, show_spinner=False)
def _cluster(key: str, _sample: Sample, _params: MethodParams) -> Result:
    return pipeline.run(_sample, _params, cache=_steps(), models=models_folder())
